// What money and measuring cost: one decimal addition, product, division and text; one histogram record.
#include <benchmark/benchmark.h>

#include "sofa/base/counters.h"
#include "sofa/base/decimal.h"

namespace sofa {
namespace {

void BM_DecimalAdd(benchmark::State& state) {
  Decimal balance(100'050, 2);
  Decimal amount(1, 2);
  for (auto _ : state) benchmark::DoNotOptimize(balance += amount);
}
BENCHMARK(BM_DecimalAdd);

void BM_DecimalMultiply(benchmark::State& state) {
  Decimal balance(100'050, 2);
  Decimal rate(1'0375, 4);
  for (auto _ : state) benchmark::DoNotOptimize(balance * rate);
}
BENCHMARK(BM_DecimalMultiply);

void BM_DecimalDivide(benchmark::State& state) {
  Decimal balance(100'050, 2);
  Decimal parts(7);
  for (auto _ : state) benchmark::DoNotOptimize(balance.divide(parts, 2, RoundingMode::kHalfEven));
}
BENCHMARK(BM_DecimalDivide);

void BM_DecimalParseAndWrite(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Decimal::parse("100050.25")->to_string());
}
BENCHMARK(BM_DecimalParseAndWrite);

void BM_HistogramRecord(benchmark::State& state) {
  Histogram histogram;
  std::uint64_t value = 1;
  for (auto _ : state) {
    histogram.record(value);
    value = value * 5 % 1'000'003;
  }
}
BENCHMARK(BM_HistogramRecord);

}  // namespace
}  // namespace sofa
