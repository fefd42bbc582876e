// For tests and fuzzers: what a parser says of some bytes, as text, when they come in pieces as from a connection.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sofa/wire/http/parser.h"

namespace sofa::http {

/// How messages are fed: the role, the limits, and how each response begins.
struct Feeding {
  Parser::Role role = Parser::Role::kRequests;
  Limits limits{};
  bool answers_head = false;
};

/// The events of `bytes`, cut at `cuts` (ascending): heads with their fields, bodies joined, ends, the error; then what
/// the end of the stream means. Each piece is shown behind what was left of those before, in memory of exactly that
/// size, so that a sanitizer sees a read beyond it.
inline std::string feed(std::string_view bytes, std::span<const std::size_t> cuts, const Feeding& feeding = {}) {
  Parser parser(feeding.role, feeding.limits);
  if (feeding.answers_head) parser.expect_no_body();
  std::string events, body;
  std::size_t consumed = 0;
  const auto flush_body = [&] {
    if (!body.empty()) events += "body(" + body + ") ";
    body.clear();
  };
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t until = i < cuts.size() ? cuts[i] : bytes.size();
    const Bytes shown(bytes.begin() + static_cast<std::ptrdiff_t>(consumed),
                      bytes.begin() + static_cast<std::ptrdiff_t>(until));
    std::size_t used = 0;
    for (Head head;;) {
      const Parser::Step step = parser.next(BytesView(shown).subspan(used), head);
      used += step.consumed;
      if (step.event == Event::kNeedMore) break;
      if (step.event == Event::kBody) {
        body += as_text(step.body);
        continue;
      }
      flush_body();
      if (step.event == Event::kError)
        return events + "error(" + std::string(describe(parser.error()).code_name()) + ")";
      if (step.event == Event::kEnd) {
        events += "end ";
        continue;
      }
      events += fmt::format("head({}{} {}{}", head.method, head.status == 0 ? "" : std::to_string(head.status),
                            head.target, head.reason);
      for (const Field field : head.fields) events += fmt::format("|{}={}", field.name, field.value);
      events += fmt::format("|{}{}{}) ",
                            head.body == Body::kChunked      ? "chunked"
                            : head.body == Body::kUntilClose ? "until-close"
                                                             : std::to_string(head.length),
                            head.keep_alive ? "" : " close", head.expects_continue ? " expects" : "");
    }
    consumed += used;
  }
  flush_body();
  const Event last = parser.finish();
  return events + (last == Event::kEnd ? "end closed" : last == Event::kNeedMore ? "closed" : "cut-off");
}

inline std::string feed_byte_by_byte(std::string_view bytes, const Feeding& feeding = {}) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < bytes.size(); ++i) cuts.push_back(i);
  return feed(bytes, cuts, feeding);
}

}  // namespace sofa::http
