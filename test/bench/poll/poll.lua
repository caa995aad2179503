-- Asks for one path after another, out of the file that the environment names; with an ETag where a line has one, after a tab.
local requests = {}
for line in io.lines(os.getenv("POLL_PATHS")) do
  local path, etag = line:match("^([^\t]+)\t?(.*)$")
  local headers = nil
  if etag ~= "" then headers = { ["If-None-Match"] = etag } end
  requests[#requests + 1] = { path, headers }
end
local i = 0
request = function()
  i = i % #requests + 1
  return wrk.format("GET", requests[i][1], requests[i][2])
end
