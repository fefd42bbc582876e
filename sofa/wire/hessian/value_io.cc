#include <unordered_map>

#include "sofa/wire/hessian/value.h"
#include "sofa/wire/hessian/value_graph.h"

namespace sofa::hessian {

/// The graph that the values of one stream share, and which of its nodes the stream's references mean.
class ValueReader {
 public:
  explicit ValueReader(Reader& from) : from_(from) {
    state_ = std::static_pointer_cast<State>(from.shared(kStateSlot, &kTag));
    if (state_ == nullptr) {
      state_ = std::make_shared<State>();
      from.share(kStateSlot, &kTag, state_);
    }
  }

  Value read() {
    const Value::Item item = read_item();
    const bool in_graph = item.kind >= Kind::kList || item.kind == Kind::kString || item.kind == Kind::kBinary;
    return {item, in_graph ? state_->graph : nullptr};
  }

 private:
  struct State {
    std::shared_ptr<Value::Graph> graph = std::make_shared<Value::Graph>();
    std::unordered_map<std::uint32_t, Value::Item> nodes;     // by reference number
    std::unordered_map<std::uint32_t, std::uint32_t> shapes;  // by class number
  };
  static constexpr char kTag = 0;
  static constexpr std::uint32_t kStateSlot = UINT32_MAX;  // no value has this number

  Value::Graph& graph() { return *state_->graph; }

  Value::Item read_item() {
    switch (from_.peek()) {
      case Kind::kNull:
        from_.try_null();
        return {};
      case Kind::kBool:
        return {Kind::kBool, from_.read_bool()};
      case Kind::kInt:
        return {Kind::kInt, from_.read_int()};
      case Kind::kLong:
        return {Kind::kLong, from_.read_long()};
      case Kind::kDouble:
        return Value::Item(from_.read_double());
      case Kind::kDate:
        return {Kind::kDate, from_.read_date()};
      case Kind::kString:
        return graph().text(Kind::kString, from_.read_text(text_));
      case Kind::kBinary:
        return graph().text(Kind::kBinary, as_text(from_.read_binary(binary_)));
      case Kind::kList:
        return read_list();
      case Kind::kMap:
        return read_map();
      case Kind::kObject:
        return read_object();
      case Kind::kReference:
        return read_reference();
      default:
        from_.mismatch("a value");
        return {};
    }
  }

  Value::Item begin(Kind kind, std::uint32_t shape, std::uint32_t reference) {
    const Value::Item item = graph().add(kind, shape);
    state_->nodes.insert_or_assign(reference, item);
    return item;
  }
  void append(const Value::Item& to, const Value::Item& item) {
    graph().nodes[static_cast<std::size_t>(to.node)].items.push_back(item);
  }

  Value::Item read_list() {
    auto list = from_.begin_list();
    const Value::Item item = begin(Kind::kList, graph().type_shape(list.type), list.reference);
    graph().nodes.back().variable = list.length < 0;
    while (from_.more(list)) append(item, read_item());
    return item;
  }

  Value::Item read_map() {
    auto map = from_.begin_map();
    const Value::Item item = begin(Kind::kMap, graph().type_shape(map.type), map.reference);
    while (from_.more(map)) {
      append(item, read_item());
      append(item, read_item());
    }
    return item;
  }

  Value::Item read_object() {
    const auto object = from_.begin_object();
    if (!from_.ok()) return {};
    const Value::Item item = begin(Kind::kObject, shape_of(object.class_number), object.reference);
    for (std::uint32_t i = 0; i < object.field_count; ++i) append(item, read_item());
    from_.end_object();
    return item;
  }

  std::uint32_t shape_of(std::uint32_t class_number) {
    const auto [it, made] = state_->shapes.try_emplace(class_number, 0);
    if (made) {
      const ClassDef def = from_.class_def(class_number);
      it->second = graph().new_shape(def.name);
      auto& shape = graph().shapes[it->second];
      std::uint32_t at = def.fields_at;
      for (std::uint32_t i = 0; i < def.field_count; ++i) shape.fields.emplace_back(from_.next_field_name(at));
      shape.users = 1;  // the stream's own use: later objects of the class share it whatever is done to this one
    }
    return it->second;
  }

  Value::Item read_reference() {
    const std::uint32_t reference = from_.read_reference();
    if (const auto it = state_->nodes.find(reference); it != state_->nodes.end()) return it->second;
    // The value was passed over, or read as a C++ type: read it again, as a value.
    Reader::Jump jump;
    if (!from_.enter(reference, jump)) return {};
    const Value::Item item = read_item();
    from_.leave(jump);
    return item;
  }

  Reader& from_;
  std::shared_ptr<State> state_;
  std::string text_;
  Bytes binary_;
};

class ValueWriter {
 public:
  ValueWriter(Writer& to, const Value& value) : to_(to), graph_(value.graph_) {}

  void write(const Value& value) { write(value.item_); }

 private:
  void write(const Value::Item& item) {
    switch (item.kind) {
      case Kind::kBool:
        return to_.write_bool(item.integer != 0);
      case Kind::kInt:
        return to_.write_int(static_cast<std::int32_t>(item.integer));
      case Kind::kLong:
        return to_.write_long(item.integer);
      case Kind::kDouble:
        return to_.write_double(item.real);
      case Kind::kDate:
        return to_.write_date(item.integer);
      case Kind::kString:
        return to_.write_string({item.text, item.size});
      case Kind::kBinary:
        return to_.write_binary(as_bytes({item.text, item.size}));
      case Kind::kList:
      case Kind::kMap:
      case Kind::kObject:
        return write_node(item);
      default:
        return to_.write_null();
    }
  }

  void write_node(const Value::Item& item) {
    const auto* const number = reinterpret_cast<const void*>(static_cast<std::uintptr_t>(item.node));
    if (to_.write_if_known(number, graph_.get(), kept_ ? nullptr : graph_)) return;
    kept_ = true;
    const Value::Node& node = graph_->nodes[static_cast<std::size_t>(item.node)];
    const auto& shape = graph_->shapes[node.shape];
    switch (node.kind) {
      case Kind::kList:
        to_.begin_list(name_of(node.shape), node.variable ? -1 : static_cast<std::int32_t>(node.items.size()));
        for (const auto& element : node.items) write(element);
        return to_.end_list();
      case Kind::kMap:
        to_.begin_map(name_of(node.shape));
        for (const auto& part : node.items) write(part);
        return to_.end_map();
      default: {
        auto [it, made] = definitions_.try_emplace(node.shape, nullptr);
        if (made) {
          const std::vector<std::string_view> fields(shape.fields.begin(), shape.fields.end());
          it->second = &to_.keep(Definition(shape.name, fields));
        }
        to_.begin_object(*it->second);
        for (const auto& field : node.items) write(field);
      }
    }
  }

  std::string_view name_of(std::uint32_t shape) {
    const auto [it, made] = names_.try_emplace(shape);
    if (made) it->second = to_.keep(std::string_view(graph_->shapes[shape].name));
    return it->second;
  }

  Writer& to_;
  std::shared_ptr<const Value::Graph> graph_;
  bool kept_ = false;
  std::unordered_map<std::uint32_t, const Definition*> definitions_;
  std::unordered_map<std::uint32_t, std::string_view> names_;
};

Value read_value(Reader& from) {
  const Value value = ValueReader(from).read();
  return from.ok() ? value : Value();
}

void write_value(Writer& to, const Value& value) {
  ValueWriter(to, value).write(value);
}

Result<std::vector<Value>> read_values(BytesView bytes, const Limits& limits) {
  Reader from(bytes, limits);
  std::vector<Value> values;
  while (!from.at_end()) values.push_back(read_value(from));
  if (!from.ok()) return fail(from.error());
  return values;
}

Bytes write_values(std::span<const Value> values) {
  Bytes out;
  BytesSink sink(out);
  Writer to(sink);
  for (const Value& value : values) write_value(to, value);
  to.finish();
  return out;
}

}  // namespace sofa::hessian
