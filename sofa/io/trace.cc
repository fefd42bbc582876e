#include "sofa/io/trace.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace sofa {
namespace {

constexpr std::size_t kW3cTraceDigits = 32;
constexpr std::size_t kW3cSpanDigits = 16;
// Address, milliseconds and counter of SOFATracer's form; the process id follows.
constexpr std::size_t kAddressDigits = 8;
constexpr std::size_t kDigitsBeforeProcess = kAddressDigits + 13 + 4;

constexpr bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_hex(char c) {
  return is_decimal(c) || (c >= 'a' && c <= 'f');
}
bool is_hex_number(std::string_view text) {
  return std::ranges::all_of(text, is_hex) && !std::ranges::all_of(text, [](char c) { return c == '0'; });
}

bool is_sofa_form(std::string_view id) {
  return id.size() > kDigitsBeforeProcess && id.size() <= kW3cTraceDigits &&
         std::ranges::all_of(id.substr(0, kAddressDigits), is_hex) &&
         std::ranges::all_of(id.substr(kAddressDigits), is_decimal);
}

// FNV-1a, from a start of the caller's.
std::uint64_t hash(std::string_view text, std::uint64_t start) {
  for (const char c : text) start = (start ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return start;
}
constexpr std::uint64_t kHashStart = 0xcbf29ce484222325;

std::string hex_of_address(std::string_view text) {
  std::string hex;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int i = 0; i < 4; ++i) {
    std::uint8_t part = 0;
    const auto [behind, error] = std::from_chars(at, end, part);
    const bool is_last = i == 3;
    if (error != std::errc() || (is_last ? behind != end : behind == end || *behind != '.')) return "ffffffff";
    hex += fmt::format("{:02x}", part);
    at = behind + 1;
  }
  return hex;
}

}  // namespace

TraceIds::TraceIds(io::Clock& clock, io::Random& random, const Options& options)
    : clock_(clock),
      address_(hex_of_address(options.address)),
      process_(std::to_string(options.process != 0 ? options.process : 1 + random.next() % 999'999)),
      count_(static_cast<std::uint32_t>(random.next())) {}

TraceContext TraceIds::start() {
  const std::uint32_t count = 1000 + count_.fetch_add(1, std::memory_order_relaxed) % 8001;
  TraceContext trace;
  char id[64];
  const auto ms = clock_.wall().time_since_epoch().count();
  const auto made = fmt::format_to_n(id, sizeof id, "{}{:013}{:04}{}", address_, ms, count, process_);
  trace.trace_id.assign({id, std::min(made.size, sizeof id)});
  trace.rpc_id.assign("0");
  trace.sampled = true;
  return trace;
}

TraceContext child_of(const TraceContext& parent, std::uint32_t number) {
  TraceContext child = parent;
  char id[160];
  const std::string_view above = parent.rpc_id.empty() ? "0" : parent.rpc_id.view();
  const auto made = fmt::format_to_n(id, sizeof id, "{}.{}", above, number);
  if (!child.rpc_id.assign({id, std::min(made.size, sizeof id)})) child.rpc_id = parent.rpc_id;
  return child;
}

FixedText<32> w3c_trace_id(std::string_view trace_id) {
  char digits[kW3cTraceDigits + 1];
  if (trace_id.size() <= kW3cTraceDigits && is_hex_number(trace_id)) {
    fmt::format_to_n(digits, kW3cTraceDigits, "{:f<32}", trace_id);
  } else {
    fmt::format_to_n(digits, kW3cTraceDigits, "{:016x}{:016x}", hash(trace_id, kHashStart),
                     hash(trace_id, ~kHashStart));
  }
  return std::string_view(digits, kW3cTraceDigits);
}

FixedText<16> w3c_span_id(const TraceContext& trace) {
  char digits[kW3cSpanDigits + 1];
  const std::uint64_t id = hash(trace.rpc_id.view(), hash(trace.trace_id.view(), kHashStart));
  fmt::format_to_n(digits, kW3cSpanDigits, "{:016x}", id != 0 ? id : 1);
  return std::string_view(digits, kW3cSpanDigits);
}

FixedText<55> traceparent(const TraceContext& trace) {
  char text[64];
  const auto made = fmt::format_to_n(text, sizeof text, "00-{}-{}-{}", w3c_trace_id(trace.trace_id.view()).view(),
                                     w3c_span_id(trace).view(), trace.sampled ? "01" : "00");
  return std::string_view(text, made.size);
}

bool read_traceparent(std::string_view header, TraceContext& into) {
  // version - trace - parent - flags; later versions may have more behind it.
  constexpr std::size_t kTrace = 3, kParent = kTrace + kW3cTraceDigits + 1, kFlags = kParent + kW3cSpanDigits + 1;
  if (header.size() < kFlags + 2 || header[2] != '-' || header[kParent - 1] != '-' || header[kFlags - 1] != '-') {
    return false;
  }
  const std::string_view version = header.substr(0, 2), flags = header.substr(kFlags, 2);
  std::string_view id = header.substr(kTrace, kW3cTraceDigits);
  if (!std::ranges::all_of(version, is_hex) || version == "ff" || !std::ranges::all_of(flags, is_hex)) return false;
  if (header.size() > kFlags + 2 && (version == "00" || header[kFlags + 2] != '-')) return false;
  if (!is_hex_number(id) || !is_hex_number(header.substr(kParent, kW3cSpanDigits))) return false;
  const std::string_view bare = id.substr(0, id.find_last_not_of('f') + 1);
  if (is_sofa_form(bare)) id = bare;
  into.trace_id.assign(id);
  into.rpc_id.assign("0");
  into.sampled = (flags[1] - (is_decimal(flags[1]) ? '0' : 'a' - 10)) % 2 == 1;
  into.w3c = true;
  return true;
}

}  // namespace sofa
