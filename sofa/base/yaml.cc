#include "sofa/base/yaml.h"

#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "sofa/base/utf8.h"

namespace sofa::yaml {

namespace {

int line_of(const YAML::Mark& mark) {
  return mark.line + 1;
}

/// Builds the tree from the parser's events; stops it by throwing a Failure, which `parse` catches.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Node& root) : root_(root) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { place(Kind::kNull, mark, "?", anchor, {}); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_reference(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    place(Kind::kScalar, mark, tag, anchor, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  [[noreturn]] static void refuse_reference(const YAML::Mark& mark) {
    throw Failure{line_of(mark), "anchors and aliases (& and *) are not taken: write the value where it belongs"};
  }

  /// Puts a node where the document has come to. Null where it was a map's key.
  Node* place(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              const std::string& text) {
    if (anchor != 0) refuse_reference(mark);
    if (!tag.empty() && tag != "?" && tag != "!") throw Failure{line_of(mark), "tags (!) are not taken"};
    if (!is_utf8(text)) throw Failure{line_of(mark), "text that is not UTF-8"};
    if (++nodes_ > kMaxNodes) {
      throw Failure{line_of(mark), fmt::format("more than {} values: the limit", kMaxNodes), true};
    }
    Node* parent = open_.empty() ? nullptr : open_.back();
    if (parent != nullptr && parent->kind == Kind::kMap && parent->keys.size() == parent->items.size()) {
      if (kind != Kind::kScalar) throw Failure{line_of(mark), "a key must be a plain word"};
      parent->keys.emplace_back(text, line_of(mark));
      return nullptr;
    }
    Node& node = parent != nullptr ? parent->items.emplace_back() : root_;
    node.kind = kind;
    node.line = line_of(mark);
    node.quoted = tag == "!";
    node.text = text;
    return &node;
  }
  void open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() == kMaxDepth) {
      throw Failure{line_of(mark), fmt::format("nested deeper than {}: the limit", kMaxDepth), true};
    }
    open_.push_back(place(kind, mark, tag, anchor, {}));
  }
  void close() { open_.pop_back(); }

  Node& root_;
  std::vector<Node*> open_;  // safe: a node's siblings are added only after it is closed
  std::size_t nodes_ = 0;
};

}  // namespace

bool parse(std::string_view text, Node& root, Failure& failure) {
  if (text.size() > kMaxBytes) {
    failure = {1, fmt::format("{} bytes: the limit is {}", text.size(), kMaxBytes), true};
    return false;
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    Builder builder(root);
    if (parser.HandleNextDocument(builder)) {
      Node ignored;
      Builder more(ignored);
      if (parser.HandleNextDocument(more)) throw Failure{ignored.line, "a second document: only one is taken"};
    }
    return true;
  } catch (const Failure& thrown) {
    failure = thrown;
  } catch (const YAML::Exception& thrown) {
    failure = {line_of(thrown.mark), thrown.msg, false};
  }
  return false;
}

}  // namespace sofa::yaml
