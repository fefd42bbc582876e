// Any bytes, as requests and as responses: the parser ends, reads nothing beyond them, and says the same whether they
// come at once, byte by byte, or in pieces that they choose themselves. A head that was read is written and read again.
#include <cstdlib>
#include <vector>

#include "sofa/wire/http/feed_test.h"
#include "sofa/wire/http/target.h"

namespace {

using namespace sofa;
using namespace sofa::http;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string again(const Head& head, bool is_request) {
  Chain out;
  require((is_request ? append_request(out, head) : append_response(out, head)).has_value());
  const Bytes bytes = out.to_bytes();
  return std::string(as_text(bytes));
}

void check_writing(std::string_view bytes, Parser::Role role, const Limits& limits) {
  Parser parser(role, limits);
  Head head;
  const Parser::Step step = parser.next(as_bytes(bytes), head);
  if (step.event != Event::kHead) return;
  const bool is_request = role == Parser::Role::kRequests;
  if (is_request) {
    const Target target = split_target(head.target);
    require(!target.path.empty());
    if (const auto path = percent_decode(target.path)) require(percent_decode(percent_encode(*path)) == *path);
    query_value(target.query, "a");
  }
  const std::string written = again(head, is_request);
  Limits wide = limits;
  wide.head_bytes *= 2;
  wide.line_bytes *= 2;
  wide.fields += 4;
  Parser second(role, wide);
  Head copy;
  require(second.next(as_bytes(written), copy).event == Event::kHead);
  require(copy.method == head.method && copy.target == head.target && copy.status == head.status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  // The first byte chooses: role, small or usual limits, an answer to HEAD, and how far apart the cuts are.
  const std::uint8_t choice = data[0];
  const std::string_view bytes = as_text({data + 1, size - 1});
  Feeding feeding;
  feeding.role = (choice & 1) != 0 ? Parser::Role::kResponses : Parser::Role::kRequests;
  feeding.answers_head = (choice & 4) != 0;
  if ((choice & 2) != 0) feeding.limits = {64, 200, 4, 32, 16, 24, 40, 48};
  const std::string whole = feed(bytes, {}, feeding);
  require(feed_byte_by_byte(bytes, feeding) == whole);
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at < bytes.size(); at += 1 + static_cast<std::uint8_t>(bytes[at]) % (2 + (choice >> 3))) {
    cuts.push_back(at);
  }
  require(feed(bytes, cuts, feeding) == whole);
  check_writing(bytes, feeding.role, feeding.limits);
  return 0;
}
