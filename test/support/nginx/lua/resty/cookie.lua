-- Stands in for lua-resty-cookie, which Debian does not have: as much of it as balancer/sticky.lua asks for.
local M = {}
M.__index = M

function M.new()
  return setmetatable({}, M)
end

function M.get(_, name)
  local header = ngx.var.http_cookie or ''
  for key, value in header:gmatch('%s*([^=;%s]+)%s*=%s*([^;]*)') do
    if key == name then
      return (value:gsub('%s+$', ''))
    end
  end
  return nil
end

function M.set(_, cookie)
  ngx.header['Set-Cookie'] = cookie.key .. '=' .. cookie.value .. '; Path=' .. (cookie.path or '/')
  return true
end

return M
