-- Posts the review in the file that is the first argument, with as many sources as the second says, in turns.
local requests = {}
local at = 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local review = file:read("*a")
  file:close()
  local headers = { ["Content-Type"] = "application/json" }
  for i = 0, tonumber(args[2]) - 1 do
    local body = review:gsub("@SOURCE@", "data-" .. i)
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
