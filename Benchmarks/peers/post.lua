-- wrk sends the same POST again and again: the first argument is the body.
function init(arguments)
  wrk.method = "POST"
  wrk.body = arguments[1]
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "image/png"
end
