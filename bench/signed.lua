-- Sends pre-signed requests, each once: SIGNED_FILE holds records of a 4-byte big-endian length and one raw request.
local file = assert(io.open(os.getenv("SIGNED_FILE"), "rb"))
local requests, position = {}, tonumber(os.getenv("SIGNED_START") or "0")
while true do
  local head = file:read(4)
  if not head then break end
  local a, b, c, d = head:byte(1, 4)
  requests[#requests + 1] = file:read(((a * 256 + b) * 256 + c) * 256 + d)
end
file:close()
request = function()
  position = position + 1
  if position > #requests then
    wrk.thread:stop()
    position = #requests
  end
  return requests[position]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("R %d %d %.0f %.0f %.0f %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), latency.max, e.status + e.connect + e.read + e.write + e.timeout))
end
