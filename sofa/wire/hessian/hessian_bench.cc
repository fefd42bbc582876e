#include <benchmark/benchmark.h>

#include "sofa/wire/hessian/bank_types.h"

namespace sofa::hessian {
namespace {

bank::TransferRequest transfer() {
  bank::TransferRequest request;
  request.tx_id = "tx-e128b0496d61055c";
  request.from_account = "62221038479168";
  request.to_account = "62221038479169";
  request.amount = std::make_shared<Decimal>(55465, 2);
  request.when = Date{1600000000000};
  for (int i = 0; i < 4; ++i) request.tags.emplace_back("tag" + std::to_string(i), "value of the tag");
  for (int i = 0; i < 2; ++i) request.legs.push_back({"62221038479168", request.amount, i == 1, i});
  request.currency = bank::Currency::CNY;
  return request;
}

void encode_echo(benchmark::State& state) {
  const std::string text(100, 'x');
  Bytes out;
  for (auto _ : state) {
    out.clear();
    BytesSink sink(out);
    Writer to(sink);
    encode(to, text);
    to.finish();
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(encode_echo);

void decode_echo(benchmark::State& state) {
  const Bytes bytes = to_bytes(std::string(100, 'x'));
  std::string text;
  for (auto _ : state) {
    Reader from(bytes);
    decode(from, text);
    benchmark::DoNotOptimize(text.data());
  }
}
BENCHMARK(decode_echo);

void encode_transfer(benchmark::State& state) {
  const auto request = transfer();
  Bytes out;
  for (auto _ : state) {
    out.clear();
    BytesSink sink(out);
    Writer to(sink);
    encode(to, request);
    to.finish();
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(encode_transfer);

void decode_transfer(benchmark::State& state) {
  const Bytes bytes = to_bytes(transfer());
  for (auto _ : state) {
    Reader from(bytes);
    bank::TransferRequest request;
    decode(from, request);
    benchmark::DoNotOptimize(request.tx_id.data());
  }
}
BENCHMARK(decode_transfer);

void decode_transfer_as_value(benchmark::State& state) {
  const Bytes bytes = to_bytes(transfer());
  for (auto _ : state) benchmark::DoNotOptimize(read_values(bytes));
}
BENCHMARK(decode_transfer_as_value);

void skip_transfer(benchmark::State& state) {
  const Bytes bytes = to_bytes(transfer());
  for (auto _ : state) {
    Reader from(bytes);
    from.skip();
    benchmark::DoNotOptimize(from.ok());
  }
}
BENCHMARK(skip_transfer);

}  // namespace
}  // namespace sofa::hessian
