require "json"

# What tests steer the stand-in by: /_standin/requests, /_standin/faults, /_standin/deliveries.
class Standin
  FAULTS = []
  SEEN = []
  LOCK = Mutex.new

  def initialize(app) = @app = app

  def call(env)
    request = Rack::Request.new(env)
    return control(request) if request.path.start_with?("/_standin/")

    fault = LOCK.synchronize { due(request) }
    answer = fault ? injected(fault) : @app.call(env)
    LOCK.synchronize { SEEN << { method: request.request_method, path: request.path, status: answer[0] } if SEEN.size < 10_000 }
    answer
  end

  private

  def control(request)
    case [request.request_method, request.path]
    when ["GET", "/_standin/requests"] then json(200, LOCK.synchronize { SEEN.dup })
    when ["GET", "/_standin/deliveries"] then json(200, Delivery.order(:id).last(1000))
    when ["POST", "/_standin/faults"]
      LOCK.synchronize { FAULTS << JSON.parse(request.body.read) }
      json(201, FAULTS)
    when ["DELETE", "/_standin/faults"] then json(200, LOCK.synchronize { FAULTS.clear })
    when ["DELETE", "/_standin/requests"] then json(200, LOCK.synchronize { SEEN.clear })
    else json(404, { error: "no such control" })
    end
  end

  def due(request)
    fault = FAULTS.find do |item|
      request.path.match?(item["path"]) && [nil, request.request_method].include?(item["method"])
    end
    return unless fault

    fault["times"] = fault.fetch("times", 1) - 1
    FAULTS.delete(fault) if fault["times"] < 1
    fault
  end

  def injected(fault)
    sleep(fault["delay"]) if fault["delay"]
    headers = { "content-type" => "application/json" }.merge(fault.fetch("headers", {}).transform_keys(&:downcase))
    [fault.fetch("status", 500), headers, [fault.fetch("body", { error: "injected by the stand-in" }).to_json]]
  end

  def json(status, value) = [status, { "content-type" => "application/json" }, [value.to_json]]
end
