#include "sofa/observe/digest.h"

#include <iterator>

#include <fmt/format.h>

#include "sofa/base/json_text.h"

namespace sofa::observe {
namespace {

using std::chrono::duration_cast;

/// Writes `"key":value` pairs of one object.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  void key(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    out_.append("\"").append(key).append("\":");
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  /// The family writes numbers as text.
  void number(std::string_view name, std::int64_t value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "\"{}\"", value);
  }
  void milliseconds(std::string_view name, io::Duration time) {
    if (time != kUnknown) number(name, duration_cast<std::chrono::milliseconds>(time).count());
  }
  void bytes(std::string_view name, std::int64_t size) {
    if (size >= 0) number(name, size);
  }

 private:
  std::string& out_;
};

std::int64_t micros(io::Duration time) {
  return time == kUnknown ? -1 : duration_cast<std::chrono::microseconds>(time).count();
}

WallTime wall(io::TimePoint time, const DigestPlace& place) {
  return WallTime(duration_cast<std::chrono::milliseconds>(time.time_since_epoch() + place.wall_minus_monotonic));
}

void time_mark(Object& object, std::string& out, std::string_view key, const FinishedCall& call,
               const DigestPlace& place) {
  object.key(key);
  fmt::format_to(std::back_inserter(out), "\"{}&{}\"", wall(call.started, place).time_since_epoch().count(),
                 wall(call.started + call.elapsed, place).time_since_epoch().count());
}

void client_fields(std::string& out, Object& object, const FinishedCall& call, const DigestPlace& place) {
  const Phases& phases = call.phases;
  object.text("router.record", call.route.view());
  if (!call.local_host.empty()) object.text("local.client.ip", call.local_host.view());
  object.text("method", call.name.view());
  object.text("local.app", place.app);
  object.text("invoke.type", name_of(call.type));
  object.text("current.thread.name", place.thread);
  object.text("protocol", call.protocol.view());
  time_mark(object, out, "special.time.mark", call, place);
  object.text("span.kind", "client");
  object.text("service", call.service.view());
  object.key("phase.time.cost");
  fmt::format_to(std::back_inserter(out), "\"R1={}&R2={}&R3={}&R4={}&R5={}/{}&\"", micros(phases.route),
                 micros(phases.connect), micros(phases.filter), micros(phases.balance), micros(phases.serialize),
                 micros(phases.deserialize));
  object.text("result.code", result_code(call.outcome));
  object.key("remote.ip");
  append_json_string(out, fmt::format("{}:{}", call.remote_host.view(), call.remote_port));
  if (call.local_port != 0) object.number("local.client.port", call.local_port);
  object.milliseconds("resp.deserialize.time", phases.deserialize);
  object.bytes("resp.size", call.response_bytes);
  object.milliseconds("client.conn.time", phases.connect);
  object.bytes("req.size", call.request_bytes);
  object.milliseconds("client.elapse.time", call.elapsed);
  object.milliseconds("req.serialize.time", phases.serialize);
}

void server_fields(std::string& out, Object& object, const FinishedCall& call, const DigestPlace& place) {
  const Phases& phases = call.phases;
  time_mark(object, out, "server.special.time.mark", call, place);
  object.text("method", call.name.view());
  object.text("remote.app", call.remote_app.view());
  object.text("local.app", place.app);
  // R9 to R11 are the waits of Java's filters and of its network thread, which there are none of here.
  object.key("server.phase.time.cost");
  fmt::format_to(std::back_inserter(out), "\"R10=-1&R11=-1&R6={}/{}&R7={}&R8={}&R9=-1&\"", micros(phases.deserialize),
                 micros(phases.serialize), micros(phases.queue), micros(phases.service));
  object.text("invoke.type", name_of(call.type));
  object.text("current.thread.name", place.thread);
  object.text("protocol", call.protocol.view());
  object.text("span.kind", "server");
  object.text("service", call.service.view());
  object.text("result.code", result_code(call.outcome));
  object.text("remote.ip", call.remote_host.view());
  object.milliseconds("req.deserialize.time", phases.deserialize);
  object.bytes("resp.size", call.response_bytes);
  object.milliseconds("biz.impl.time", phases.service);
  object.milliseconds("resp.serialize.time", phases.serialize);
  object.bytes("req.size", call.request_bytes);
  object.milliseconds("server.pool.wait.time", phases.queue);
}

// Java marks what failed: at a client only where there was no answer of the service.
bool is_marked(const FinishedCall& call) {
  return call.outcome != Outcome::kOk && (call.side == Side::kServer || call.outcome != Outcome::kBusiness);
}

}  // namespace

void append_time(std::string& out, WallTime time, std::chrono::minutes offset) {
  const WallTime local = time + offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(local - day);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

void append_digest(std::string& out, const FinishedCall& call, const DigestPlace& place) {
  Object object(out);
  object.key("timestamp");
  out += '"';
  append_time(out, wall(call.started + call.elapsed, place), place.offset);
  out += '"';
  object.text("tracerId", call.trace_id.view());
  object.text("spanId", call.rpc_id.view());
  if (call.side == Side::kClient) {
    client_fields(out, object, call, place);
  } else {
    server_fields(out, object, call, place);
  }
  if (is_marked(call)) {
    object.key("error");
    out += "true";
  }
  object.text("baggage", call.baggage.view());
  object.close();
  out += '\n';
}

void append_stat(std::string& out, const StatLine& line, WallTime now, std::chrono::minutes offset) {
  Object object(out);
  object.key("time");
  out += '"';
  append_time(out, now, offset);
  out += '"';
  object.key("stat.key");
  Object key(out);
  key.text("method", line.method);
  key.text("local.app", line.local_app);
  if (!line.remote_app.empty()) key.text("remote.app", line.remote_app);
  key.text("service", line.service);
  key.close();
  object.key("count");
  fmt::format_to(std::back_inserter(out), "{}", line.calls);
  object.key("total.cost.milliseconds");
  fmt::format_to(std::back_inserter(out), "{}", line.milliseconds);
  object.text("success", line.success ? "Y" : "N");
  object.close();
  out += '\n';
}

}  // namespace sofa::observe
