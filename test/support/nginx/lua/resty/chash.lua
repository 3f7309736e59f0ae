-- Stands in for lua-resty-balancer, which Debian does not have: the same key, the same node.
local roundrobin = require('resty.roundrobin')
local M = setmetatable({}, { __index = roundrobin })
M.__index = M

function M.find(self, key)
  return self.ids[ngx.crc32_long(key) % #self.ids + 1]
end

return M
