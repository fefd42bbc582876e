// shop-facade.jar: what its services take and give.
// Written by `sofa import`. Import it again rather than change it here.
//
// Come as Value:
//   java.io.Serializable: a class of the JDK without a C++ type
//   java.lang.Number: a class of the JDK without a C++ type
//   dev.sofa.shop.Attributes: a collection of its own
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sofa/sdk.h"

namespace shop {

using sofa::Bytes;
using sofa::Date;
using sofa::Decimal;
using sofa::Task;
using sofa::hessian::Array;
using sofa::hessian::Calendar;
using sofa::hessian::Declared;
using sofa::hessian::Entries;
using sofa::hessian::Exception;
using sofa::hessian::Set;
using sofa::hessian::Throwable;
using sofa::hessian::Value;

struct And;
struct Named;
struct Category;
struct ShopException;

struct OrderLine {
  static constexpr auto java_class = "dev.sofa.shop.Order$Line";
  std::optional<Decimal> price;
  std::optional<std::int32_t> quantity;
  std::optional<std::string> sku;
};

enum class OrderStatus { NEW, PAID, SENT };
SOFA_JAVA_ENUM(OrderStatus, "dev.sofa.shop.Order$Status", NEW, PAID, SENT);

struct Customer {
  static constexpr auto java_class = "dev.sofa.shop.Customer";
  std::optional<std::string> name;
};

struct VipCustomer {
  static constexpr auto java_class = "dev.sofa.shop.VipCustomer";
  std::optional<Date> since;
  char16_t level = 0;
  std::optional<std::string> name;
};

/// Any dev.sofa.shop.Customer.
using AnyCustomer = Declared<std::variant<Customer, VipCustomer>, "dev.sofa.shop.Customer">;

struct Order {
  static constexpr auto java_class = "dev.sofa.shop.Order";
  static constexpr std::pair<std::string_view, std::string_view> java_names[] = {{"url", "URL"}};
  std::optional<Array<OrderLine>> lines;
  std::optional<std::string> url;
  std::optional<OrderStatus> status;
  Declared<Value, "java.lang.Number"> score;
  std::optional<std::map<std::string, Decimal>> totals;
  bool operator_ = false;
  std::optional<Set<std::string>> tags;
  Value attributes;
  std::optional<Array<Array<std::int32_t>>> matrix;
  std::optional<AnyCustomer> buyer;
  std::optional<double> x_coord;
  Value extra;
  std::optional<std::vector<std::string>> auditors;
  Declared<std::optional<std::string>, "java.lang.Object"> last;
  std::optional<std::string> version;
  std::optional<Date> created;
  std::optional<std::string> id;
  std::int64_t version_ = 0;
};

template <class T>
struct Page {
  static constexpr auto java_class = "dev.sofa.shop.Page";
  std::optional<std::vector<T>> items;
  Declared<std::optional<T>, "java.lang.Object"> first;
  std::int32_t total = 0;
};

/// Any dev.sofa.shop.Filter.
using Filter = Declared<std::variant<std::shared_ptr<And>, std::shared_ptr<Named>>, "dev.sofa.shop.Filter">;

/// Can hold itself. A field that points back at what holds it has to be a std::weak_ptr.
struct And {
  static constexpr auto java_class = "dev.sofa.shop.And";
  std::optional<std::vector<Filter>> parts;
};

/// Can hold itself. A field that points back at what holds it has to be a std::weak_ptr.
struct Named {
  static constexpr auto java_class = "dev.sofa.shop.Named";
  std::optional<std::string> name;
  std::shared_ptr<And> rest;
};

struct Query {
  static constexpr auto java_class = "dev.sofa.shop.Query";
  std::optional<std::string> text;
  std::optional<Date> from;
  std::optional<std::vector<OrderStatus>> states;
  std::optional<Filter> filter;
  std::optional<std::int16_t> limit;
};

struct CardPayment {
  static constexpr auto java_class = "dev.sofa.shop.CardPayment";
  std::optional<std::string> number;
  std::optional<Bytes> signature;
  std::optional<Decimal> amount;
};

struct Transfer {
  static constexpr auto java_class = "dev.sofa.shop.Transfer";
  std::optional<std::string> iban;
  std::optional<CardPayment> fallback;
  std::optional<Decimal> amount;
};

/// Any dev.sofa.shop.Payment.
using Payment = Declared<std::variant<CardPayment, Transfer>, "dev.sofa.shop.Payment">;

/// Can hold itself. A field that points back at what holds it has to be a std::weak_ptr.
struct Category {
  static constexpr auto java_class = "dev.sofa.shop.Category";
  std::optional<std::string> name;
  std::shared_ptr<Category> parent;
  std::optional<std::vector<std::shared_ptr<Category>>> children;
};

/// Any dev.sofa.shop.Entity.
using Entity = Declared<std::variant<Order>, "dev.sofa.shop.Entity">;

struct ClosedException : Exception<ClosedException> {
  static constexpr auto java_class = "dev.sofa.shop.ClosedException";
  std::optional<Date> until;
};
BOOST_DESCRIBE_STRUCT(ClosedException, (Throwable), (until))

struct ShopException : Exception<ShopException> {
  static constexpr auto java_class = "dev.sofa.shop.ShopException";
  std::int32_t code = 0;
  std::optional<std::string> message_;
};
BOOST_DESCRIBE_STRUCT(ShopException, (Throwable), (code, message_))

struct OrderException : Exception<OrderException, ShopException> {
  static constexpr auto java_class = "dev.sofa.shop.OrderException";
  std::optional<Order> order;
  std::shared_ptr<ShopException> before;
};
BOOST_DESCRIBE_STRUCT(OrderException, (ShopException), (order, before))

class OrderService {
 public:
  using Throws = sofa::rpc::Throws<ClosedException, OrderException, ShopException>;
  static constexpr std::pair<std::string_view, std::string_view> java_names[] = {{"get_url_price", "getURLPrice"}};
  virtual ~OrderService() = default;
  virtual Task<std::optional<Page<Order>>> find(Query query) = 0;
  virtual Task<std::optional<std::map<std::string, std::vector<OrderLine>>>> lines(Set<std::string> value) = 0;
  virtual Task<std::optional<Payment>> pay(std::string value, Payment payment) = 0;
  virtual Task<void> note(std::string value, std::int32_t value_) = 0;
  virtual Task<void> note(std::string value, std::optional<std::int32_t> value_) = 0;
  virtual Task<void> note(std::string value, Array<std::string> value_) = 0;
  virtual Task<std::optional<Decimal>> get_url_price(std::string value) = 0;
  virtual Task<void> delete_(std::string value) = 0;
  virtual Task<std::shared_ptr<Category>> categories(std::shared_ptr<Category> category) = 0;
  virtual Task<std::optional<AnyCustomer>> register_(AnyCustomer customer) = 0;
  virtual Task<std::optional<Array<Array<OrderStatus>>>> board(Array<OrderStatus> value, Array<Payment> value_,
                                                               Calendar value_2) = 0;
  virtual Task<Value> any(Declared<Value, "java.io.Serializable"> value) = 0;
  virtual Task<std::optional<Entries<OrderLine, std::int32_t>>> stock() = 0;
  virtual Task<std::optional<Entity>> keep(Entity entity) = 0;
  virtual Task<std::optional<Order>> get(Declared<std::string, "java.lang.Object"> value) = 0;
  virtual Task<void> save(Declared<Order, "java.lang.Object"> order) = 0;
  virtual Task<std::optional<std::vector<Order>>> all(
      Declared<std::vector<std::string>, "java.util.Collection"> value) = 0;
};

}  // namespace shop

SOFA_SERVICE(shop::OrderService, "dev.sofa.shop.OrderService", find, lines, pay,
             (note, sofa::Task<void>(std::string, std::int32_t)),
             (note, sofa::Task<void>(std::string, std::optional<std::int32_t>)),
             (note, sofa::Task<void>(std::string, sofa::hessian::Array<std::string>)), get_url_price, delete_,
             categories, register_, board, any, stock, keep, get, save, all)
