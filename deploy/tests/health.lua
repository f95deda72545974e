-- SPDX-License-Identifier: Apache-2.0
-- health.lua CHECK OBJECT: runs the health check of a file over the object of another, a Lua table,
-- as Argo CD does: with the object as `obj` and without the libraries that reach outside.
local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

local object = assert(load(read(arg[2]), "object", "t", {}))()
local known = {obj = object, ipairs = ipairs, pairs = pairs, string = string, table = table, tostring = tostring}
local health = assert(load(read(arg[1]), "health", "t", known))()
assert(type(health) == "table", "the check returns no table")
assert(type(health.message) == "string" and #health.message > 0, "the check gives no message")
print(health.status)
