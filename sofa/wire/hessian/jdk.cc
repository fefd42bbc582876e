#include "sofa/wire/hessian/jdk.h"

namespace sofa::hessian {
namespace {

const Definition& decimal_definition() {
  static constexpr std::string_view kFields[] = {"value"};
  static const Definition definition("java.math.BigDecimal", kFields);
  return definition;
}

/// A BigInteger as JDK 17 lays it out. Older JDKs name the cached numbers otherwise; signum and mag are in all.
struct BigIntegerFields {
  static constexpr auto java_class = "java.math.BigInteger";
  std::int32_t signum = 0;
  std::int32_t bit_count_plus_one = 0;
  std::int32_t bit_length_plus_one = 0;
  std::int32_t lowest_set_bit_plus_two = 0;
  std::int32_t first_nonzero_int_num_plus_two = 0;
  Array<std::int32_t> mag;  // most significant first
};

}  // namespace

void Codec<Decimal>::encode(Writer& to, const Decimal& value) {
  to.begin_object(decimal_definition());
  to.write_string(value.to_string());
}

void Codec<Decimal>::decode(Reader& from, Decimal& value) {
  const auto parse = [&](std::string_view text) {
    if (!from.ok()) return;
    Result<Decimal> parsed = Decimal::parse(text);
    if (!parsed) return from.fail(HessianError::kRange, fmt::format("no BigDecimal: {}", parsed.error().message()));
    value = *std::move(parsed);
  };
  std::string scratch;
  switch (from.peek()) {
    case Kind::kInt:
    case Kind::kLong:
      value = Decimal(from.read_long());
      return;
    case Kind::kString:
      return parse(from.read_text(scratch));
    default:
      break;
  }
  if (!from.at_end() && from.rest()[0] == 'O') from.take_definition(decimal_definition(), nullptr, 0);
  follow(from, [&] {
    if (from.peek_class() != "java.math.BigDecimal") return from.mismatch("a java.math.BigDecimal");
    const Reader::Object head = from.begin_object();
    if (!from.ok()) return;
    std::uint32_t name_at = from.class_def(head.class_number).fields_at;
    for (std::uint32_t i = 0; i < head.field_count && from.ok(); ++i) {
      from.next_field_name(name_at) == "value" ? parse(from.read_text(scratch)) : from.skip();
    }
    from.end_object();
  });
}

void Codec<BigInteger>::encode(Writer& to, const BigInteger& value) {
  BigIntegerFields fields;
  fields.signum = value.signum();
  for (const std::uint32_t word : value.magnitude()) fields.mag.push_back(static_cast<std::int32_t>(word));
  hessian::encode(to, fields);
}

void Codec<BigInteger>::decode(Reader& from, BigInteger& value) {
  BigIntegerFields fields;
  if (!hessian::decode(from, fields)) return;
  const std::vector<std::uint32_t> words(fields.mag.begin(), fields.mag.end());
  Result<BigInteger> made = BigInteger::from_magnitude(fields.signum, words);
  if (!made) return from.fail(HessianError::kRange, fmt::format("no BigInteger: {}", made.error().message()));
  value = *std::move(made);
}

}  // namespace sofa::hessian
