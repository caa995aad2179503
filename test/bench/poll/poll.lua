-- Asks for the status of one job after another, out of the file that the environment names.
local ids = {}
for id in io.lines(os.getenv("POLL_IDS")) do ids[#ids + 1] = id end
local i = 0
request = function()
  i = i % #ids + 1
  return wrk.format("GET", "/api/services/compute?jobId=" .. ids[i])
end
