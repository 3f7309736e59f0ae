-- Stands in for lua-resty-balancer, which Debian does not have: each node in turn.
local M = {}
M.__index = M

function M.new(self, nodes)
  local it = setmetatable({}, self)
  it:reinit(nodes)
  return it
end

function M.reinit(self, nodes)
  self.nodes, self.ids, self.at = nodes, {}, 0
  for id in pairs(nodes) do
    table.insert(self.ids, id)
  end
  table.sort(self.ids)
end

function M.find(self)
  self.at = self.at % #self.ids + 1
  return self.ids[self.at]
end

return M
