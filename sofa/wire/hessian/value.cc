#include "sofa/wire/hessian/value.h"

#include <bit>
#include <cmath>
#include <set>

#include "sofa/wire/hessian/text.h"
#include "sofa/wire/hessian/value_graph.h"

namespace sofa::hessian {

Value::Value(std::string_view text) : graph_(std::make_shared<Graph>()) {
  item_ = graph_->text(Kind::kString, text);
}

Value Value::date(std::int64_t ms) {
  return {Item(Kind::kDate, ms), nullptr};
}

Value Value::binary(BytesView bytes) {
  auto graph = std::make_shared<Graph>();
  const Item item = graph->text(Kind::kBinary, as_text(bytes));
  return {item, std::move(graph)};
}

Value Value::compound_of(Kind kind, std::string_view type) {
  auto graph = std::make_shared<Graph>();
  const std::uint32_t shape = kind == Kind::kObject ? graph->new_shape(type) : graph->type_shape(type);
  const Item item = graph->add(kind, shape);
  return {item, std::move(graph)};
}

Value Value::list(std::initializer_list<Value> elements, std::string_view type) {
  Value made = compound_of(Kind::kList, type);
  for (const Value& element : elements) made.push(element);
  return made;
}
Value Value::map(std::string_view type) {
  return compound_of(Kind::kMap, type);
}
Value Value::object(std::string_view java_class) {
  return compound_of(Kind::kObject, java_class);
}

Value::Node& Value::node() const {
  return graph_->nodes[static_cast<std::size_t>(item_.node)];
}

bool Value::is_number() const {
  return item_.kind == Kind::kInt || item_.kind == Kind::kLong || item_.kind == Kind::kDouble;
}

std::int64_t Value::as_int() const {
  if (item_.kind == Kind::kInt || item_.kind == Kind::kLong) return item_.integer;
  return item_.kind == Kind::kDouble && std::fabs(item_.real) < 0x1p63 ? static_cast<std::int64_t>(item_.real) : 0;
}

double Value::as_double() const {
  return item_.kind == Kind::kDouble ? item_.real : static_cast<double>(as_int());
}

std::string_view Value::as_string() const {
  return item_.kind == Kind::kString ? std::string_view(item_.text, item_.size) : std::string_view();
}

BytesView Value::as_binary() const {
  return item_.kind == Kind::kBinary ? as_bytes({item_.text, item_.size}) : BytesView();
}

std::string_view Value::class_name() const {
  return compound() ? std::string_view(graph_->shapes[node().shape].name) : std::string_view();
}

std::size_t Value::size() const {
  if (!compound()) return 0;
  return item_.kind == Kind::kMap ? node().items.size() / 2 : node().items.size();
}

Value Value::item(std::size_t i) const {
  const Item item = node().items[i];
  return {item, graph_};
}

Value Value::at(std::size_t i) const {
  if (i >= size()) return {};
  return item(item_.kind == Kind::kMap ? 2 * i + 1 : i);
}

Value Value::key(std::size_t i) const {
  return item_.kind == Kind::kMap && i < size() ? item(2 * i) : Value();
}

std::string_view Value::field_name(std::size_t i) const {
  return item_.kind == Kind::kObject && i < size() ? std::string_view(graph_->shapes[node().shape].fields[i])
                                                   : std::string_view();
}

Value Value::operator[](std::string_view name) const {
  for (std::size_t i = size(); i-- > 0;) {
    if (item_.kind == Kind::kObject ? field_name(i) == name
                                    : key(i).kind() == Kind::kString && key(i).as_string() == name) {
      return at(i);
    }
  }
  return {};
}

bool Value::contains(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (item_.kind == Kind::kObject ? field_name(i) == name
                                    : key(i).kind() == Kind::kString && key(i).as_string() == name) {
      return true;
    }
  }
  return false;
}

bool Value::is_variable() const {
  return item_.kind == Kind::kList && node().variable;
}
void Value::set_variable(bool variable) {
  if (item_.kind == Kind::kList) node().variable = variable;
}

bool Value::same(const Value& other) const {
  return compound() && other.compound() && graph_ == other.graph_ && item_.node == other.item_.node;
}

/// `other` as an item of this graph: copied, with all that it reaches, where it is of another.
Value::Item Value::import(const Value& other) {
  if (other.item_.kind == Kind::kString || other.item_.kind == Kind::kBinary) {
    return other.graph_ == graph_ ? other.item_ : graph_->text(other.item_.kind, {other.item_.text, other.item_.size});
  }
  if (!other.compound() || other.graph_ == graph_) return other.item_;
  Graph& from = *other.graph_;
  std::unordered_map<std::int64_t, Item> copies;
  std::unordered_map<std::uint32_t, std::uint32_t> shapes;
  std::vector<std::int64_t> pending;
  const auto copy_of = [&](std::int64_t index) {
    if (const auto it = copies.find(index); it != copies.end()) return it->second;
    const Node& node = from.nodes[static_cast<std::size_t>(index)];
    const Graph::Shape& shape = from.shapes[node.shape];
    std::uint32_t mine = 0;
    if (node.kind != Kind::kObject) {
      mine = graph_->type_shape(shape.name);
    } else if (const auto it = shapes.find(node.shape); it != shapes.end()) {
      mine = it->second;
    } else {
      mine = graph_->new_shape(shape.name);
      graph_->shapes[mine].fields = shape.fields;
      shapes.emplace(node.shape, mine);
    }
    const Item made = graph_->add(node.kind, mine);
    graph_->nodes.back().variable = node.variable;
    copies.emplace(index, made);
    pending.push_back(index);
    return made;
  };
  const Item root = copy_of(other.item_.node);
  while (!pending.empty()) {
    const std::int64_t index = pending.back();
    pending.pop_back();
    const auto target = static_cast<std::size_t>(copies.at(index).node);
    for (const Item& item : from.nodes[static_cast<std::size_t>(index)].items) {
      Item copy = item;
      if (item.kind >= Kind::kList && item.kind <= Kind::kObject) {
        copy = copy_of(item.node);
      } else if (item.kind == Kind::kString || item.kind == Kind::kBinary) {
        copy = graph_->text(item.kind, {item.text, item.size});
      }
      graph_->nodes[target].items.push_back(copy);
    }
  }
  return root;
}

Value& Value::push(const Value& element) {
  if (item_.kind == Kind::kList) {
    const Item item = import(element);
    node().items.push_back(item);
  }
  return *this;
}

Value& Value::put(const Value& key, const Value& value) {
  if (item_.kind == Kind::kMap) {
    for (const Value& part : {key, value}) {
      const Item item = import(part);
      node().items.push_back(item);
    }
  }
  return *this;
}

Value& Value::set(std::string_view field, const Value& value) {
  for (std::size_t i = size(); item_.kind == Kind::kObject && i-- > 0;) {
    if (field_name(i) == field) {
      const Item item = import(value);
      node().items[i] = item;
      return *this;
    }
  }
  return add_field(field, value);
}

Value& Value::add_field(std::string_view field, const Value& value) {
  if (item_.kind != Kind::kObject) return *this;
  const Item item = import(value);
  Node& self = node();
  if (graph_->shapes[self.shape].users > 1) {
    Graph::Shape own = graph_->shapes[self.shape];
    own.users = 1;
    --graph_->shapes[self.shape].users;
    graph_->shapes.push_back(std::move(own));
    self.shape = static_cast<std::uint32_t>(graph_->shapes.size() - 1);
  }
  graph_->shapes[self.shape].fields.emplace_back(field);
  self.items.push_back(item);
  return *this;
}

bool operator==(const Value& first, const Value& second) {
  // Pairs that are compared already, or being compared further out, count as equal: that ends every cycle.
  std::set<std::pair<std::int64_t, std::int64_t>> assumed;
  std::vector<std::pair<Value::Item, Value::Item>> pending{{first.item_, second.item_}};
  while (!pending.empty()) {
    const auto [a, b] = pending.back();
    pending.pop_back();
    if (a.kind != b.kind) return false;
    switch (a.kind) {
      case Kind::kNull:
        break;
      case Kind::kString:
      case Kind::kBinary:
        if (std::string_view(a.text, a.size) != std::string_view(b.text, b.size)) return false;
        break;
      case Kind::kList:
      case Kind::kMap:
      case Kind::kObject: {
        if (!assumed.emplace(a.node, b.node).second) break;
        const Value::Node& x = first.graph_->nodes[static_cast<std::size_t>(a.node)];
        const Value::Node& y = second.graph_->nodes[static_cast<std::size_t>(b.node)];
        const auto& shape_x = first.graph_->shapes[x.shape];
        const auto& shape_y = second.graph_->shapes[y.shape];
        if (shape_x.name != shape_y.name || shape_x.fields != shape_y.fields || x.items.size() != y.items.size() ||
            x.variable != y.variable) {
          return false;
        }
        for (std::size_t i = 0; i < x.items.size(); ++i) pending.emplace_back(x.items[i], y.items[i]);
        break;
      }
      default:
        if (a.integer != b.integer) return false;
    }
  }
  return true;
}

}  // namespace sofa::hessian
