// The peers' Java classes as C++ types, for this folder's tests. Where Java's identity shows in the bytes (the first
// leg of a transfer holds the transfer's own BigDecimal) the type holds a shared_ptr.
#pragma once

#include "sofa/wire/hessian/hessian.h"

namespace sofa::hessian::bank {

enum class Currency { CNY, USD, EUR, JPY, BTC };
SOFA_JAVA_ENUM(Currency, "dev.sofa.bank.Currency", CNY, USD, EUR, JPY, BTC);

struct Leg {
  static constexpr auto java_class = "dev.sofa.bank.Leg";
  std::optional<std::string> account;
  std::shared_ptr<Decimal> amount;
  bool credit = false;
  std::int32_t sequence = 0;
};

struct TransferRequest {
  static constexpr auto java_class = "dev.sofa.bank.TransferRequest";
  std::string tx_id;
  std::string from_account;
  std::string to_account;
  std::shared_ptr<Decimal> amount;
  std::optional<Date> when;
  LinkedHashMap<std::string, std::string> tags;
  std::vector<Leg> legs;
  std::optional<Currency> currency;
};

struct Node {
  static constexpr auto java_class = "dev.sofa.bank.Node";
  std::string name;
  std::weak_ptr<Node> parent;
  std::weak_ptr<Node> peer;
  std::vector<std::shared_ptr<Node>> children;
};

struct AllTypes {
  static constexpr auto java_class = "dev.sofa.bank.AllTypes";
  static constexpr std::pair<std::string_view, std::string_view> java_names[] = {
      {"boxed_z", "boxedZ"}, {"boxed_i", "boxedI"}, {"boxed_l", "boxedL"}, {"boxed_d", "boxedD"}};
  bool z = false;
  std::int8_t b = 0;
  std::int16_t s = 0;
  std::int32_t i = 0;
  std::int64_t l = 0;
  float f = 0;
  double d = 0;
  char16_t c = 0;
  std::optional<bool> boxed_z;
  std::optional<std::int32_t> boxed_i;
  std::optional<std::int64_t> boxed_l;
  std::optional<double> boxed_d;
  std::optional<std::string> str;
  std::optional<Bytes> bytes;
  std::optional<Array<std::int32_t>> ints;
  std::optional<Array<std::int64_t>> longs;
  std::optional<Array<double>> doubles;
  std::optional<Array<bool>> flags;
  std::optional<Array<std::optional<std::string>>> strs;
  std::optional<Array<Value>> objs;
  std::optional<Date> date;
  std::optional<Decimal> dec;
  std::optional<Currency> cur;
  std::optional<std::vector<Value>> list;
  std::optional<Entries<Value, Value>> map;
  std::unique_ptr<AllTypes> next;
};

struct InsufficientFunds : Exception<InsufficientFunds> {
  static constexpr auto java_class = "dev.sofa.bank.InsufficientFundsException";
  std::optional<std::string> account;
  std::optional<Decimal> missing;
};
BOOST_DESCRIBE_STRUCT(InsufficientFunds, (Throwable), (account, missing))

struct Undeclared : Exception<Undeclared> {
  static constexpr auto java_class = "dev.sofa.bank.UndeclaredException";
  std::int32_t code = 0;
};
BOOST_DESCRIBE_STRUCT(Undeclared, (Throwable), (code))

// dev.sofa.peers.Shapes: C01 extends C00, C02 extends C01 and shadows `v`, the rest extend C00 with nothing of their
// own.
template <reflect::Literal Name>
struct Shape {
  static constexpr std::string_view java_class{Name.text, sizeof(Name.text) - 1};
  std::int32_t v = 0;
};
struct C01 {
  static constexpr auto java_class = "dev.sofa.peers.Shapes$C01";
  std::string n;
  std::int32_t v = 0;
};
struct C02 {
  static constexpr auto java_class = "dev.sofa.peers.Shapes$C02";
  static constexpr std::pair<std::string_view, std::string_view> java_names[] = {{"parent_v", "v"}};
  std::int32_t v = 0;
  Value o;
  std::string n;
  std::int32_t parent_v = 0;
};
struct Empty {
  static constexpr auto java_class = "dev.sofa.peers.Shapes$Empty";
};

}  // namespace sofa::hessian::bank
