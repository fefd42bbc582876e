#include <string>

#include <benchmark/benchmark.h>

#include "sofa/wire/bolt/frame.h"

namespace sofa::bolt {
namespace {

// A SOFARPC echo request of 100 bytes: 11 header entries, 414 bytes, as a Java client sends it.
Bytes request(Form form) {
  Bytes header;
  append_header_entry(header, kTargetService, "dev.sofa.bank.EchoService:1.0");
  append_header_entry(header, kApp, "sofa-peers-client");
  append_header_entry(header, kRpcId, "0");
  append_header_entry(header, kProtocol, "bolt");
  append_header_entry(header, kSampled, "true");
  append_header_entry(header, kTraceId, "c00002021795397909062100119991");
  append_header_entry(header, kService, "dev.sofa.bank.EchoService:1.0");
  append_header_entry(header, kSystemPenetrateAttributes, "");
  append_header_entry(header, kPenetrateAttributes, "");
  append_header_entry(header, kMethodName, "echo");
  append_header_entry(header, kInvokeType, "sync");
  Bytes frame;
  const auto made = append_frame(frame, {.form = form, .id = 7, .timeout_ms = 3000}, kRequestClass, header, Bytes(452));
  return made ? frame : Bytes{};
}

void decode_frame(benchmark::State& state, Form form) {
  const Bytes bytes = request(form);
  const Limits limits;
  for (auto _ : state) {
    FrameView frame;
    benchmark::DoNotOptimize(decode(bytes, limits, frame));
    benchmark::DoNotOptimize(frame);
  }
}
BENCHMARK_CAPTURE(decode_frame, v1, kFormV1);
BENCHMARK_CAPTURE(decode_frame, v2_crc, kFormV2Crc);

void read_header(benchmark::State& state) {
  const Bytes bytes = request(kFormV1);
  FrameView frame;
  decode(bytes, {}, frame);
  for (auto _ : state) {
    HeaderReader reader(frame.header);
    std::size_t matches = 0;
    for (HeaderEntry entry; reader.next(entry);) matches += entry.key == kTargetService || entry.key == kMethodName;
    benchmark::DoNotOptimize(matches);
  }
}
BENCHMARK(read_header);

void write_answer(benchmark::State& state) {
  std::uint8_t out[kMaxHeadBytes + kResponseClass.size()];
  Head head = answer_to({.id = 7});
  head.class_bytes = kResponseClass.size();
  for (auto _ : state) {
    ++head.id;
    benchmark::DoNotOptimize(write_head(head, out));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(write_answer);

}  // namespace
}  // namespace sofa::bolt
