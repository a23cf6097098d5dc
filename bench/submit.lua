-- wrk's script for bench/throughput.py: every request submits one task, every reply must say that it was accepted.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"command":"true","required_cores":1,"targets":["n1"]}'

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init()
    accepted, refused = 0, 0
end

function response(status)
    if status == 202 then accepted = accepted + 1 else refused = refused + 1 end
end

function done(summary, latency)
    local accepted, refused = 0, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
    for _, thread in ipairs(threads) do
        accepted = accepted + thread:get("accepted")
        refused = refused + thread:get("refused")
    end
    print(string.format("%d %d %.6f %.3f", accepted, refused, summary.duration / 1e6, latency:percentile(99) / 1e3))
end
