-- For wrk: says its figures on one line, as JSON. With a file of tokens it publishes posts instead
-- of reading, and whose token a request carries changes with each.

local requests, turn = {}, 0

function init(args)
  if args[1] == nil then return end
  local body = io.open(args[2]):read("*a")
  for token in io.lines(args[1]) do
    local headers = {["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"}
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
  -- Without a function of this name, wrk sends one request again and again, which is cheaper.
  request = function()
    turn = turn % #requests + 1
    return requests[turn]
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
