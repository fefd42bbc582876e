#include "sofa/wire/java/library.h"

#include <algorithm>
#include <set>

namespace sofa::java {
namespace {

constexpr std::size_t kMostAncestors = 1024;

/// Classes that are no class for us: descriptions, and variants for other versions of Java.
bool is_wanted(std::string_view file) {
  return file.ends_with(".class") && !file.starts_with("META-INF/") && !file.ends_with("module-info.class") &&
         !file.ends_with("package-info.class");
}

std::size_t text_of(const std::vector<Member>& members) {
  std::size_t sum = members.size() * sizeof(Member);
  for (const Member& member : members) {
    sum += member.name.size() + member.type.size() + member.signature.size();
    for (const std::string& name : member.throws) sum += sizeof name + name.size();
    for (const std::string& name : member.parameters) sum += sizeof name + name.size();
  }
  return sum;
}

bool by_name(const ClassFile* a, const ClassFile* b) {
  return a->name < b->name;
}

}  // namespace

Result<void> Library::add(BytesView bytes, Use use) {
  if (!Jar::looks_like(bytes) && bytes.size() >= 4 && bytes[0] == 0xca && bytes[1] == 0xfe) {
    SOFA_TRY_VOID(read_class(bytes).map([](const ClassFile&) {}));
    add_class("the file", bytes, use);
    return {};
  }
  SOFA_TRY(Jar jar, Jar::open(bytes, limits_));
  Bytes content;
  for (const Jar::File& file : jar.files()) {
    if (!is_wanted(file.name)) continue;
    if (auto read = jar.read(file, content); !read) {
      left_out_.push_back({std::string(file.name), read.error()});
      continue;
    }
    add_class(file.name, content, use);
  }
  std::sort(imported_.begin(), imported_.end(), by_name);
  return {};
}

void Library::add_class(std::string_view file, BytesView bytes, Use use) {
  auto read = read_class(bytes);
  if (!read) {
    left_out_.push_back({std::string(file), read.error()});
    return;
  }
  const std::size_t text = sizeof(ClassFile) + text_of(read->fields) + text_of(read->methods);
  if (text_bytes_ + text > limits_.text_bytes) {
    left_out_.push_back(
        {std::string(file),
         Error(JavaError::kTooLarge, fmt::format("the classes name more than {} bytes", limits_.text_bytes))});
    return;
  }
  const auto [place, added] = classes_.try_emplace(read->name, std::move(*read));
  if (!added) return;
  text_bytes_ += text;
  if (use == Use::kLookUp) return;
  const ClassFile& made = place->second;
  imported_.push_back(&made);
  children_[made.parent].push_back(&made);
  for (const std::string& name : made.interfaces) children_[name].push_back(&made);
}

const ClassFile* Library::find(std::string_view name) const {
  const auto found = classes_.find(name);
  return found == classes_.end() ? nullptr : &found->second;
}

std::vector<std::string> Library::ancestors(const ClassFile& of) const {
  std::vector<std::string> names;
  std::set<std::string, std::less<>> seen{of.name};
  const ClassFile* from = &of;
  for (std::size_t i = 0; names.size() < kMostAncestors; ++i) {
    if (from != nullptr) {
      if (!from->parent.empty() && seen.insert(from->parent).second) names.push_back(from->parent);
      for (const std::string& name : from->interfaces) {
        if (seen.insert(name).second) names.push_back(name);
      }
    }
    if (i == names.size()) break;
    from = find(names[i]);
  }
  return names;
}

std::vector<const ClassFile*> Library::subclasses(std::string_view name) const {
  std::vector<const ClassFile*> all;
  std::set<std::string_view> seen{name};
  std::vector<std::string_view> queue{name};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const auto found = children_.find(queue[i]);
    if (found == children_.end()) continue;
    for (const ClassFile* child : found->second) {
      if (!seen.insert(child->name).second) continue;
      queue.push_back(child->name);
      if (!child->is_local && !child->is(kSynthetic)) all.push_back(child);
    }
  }
  std::sort(all.begin(), all.end(), by_name);
  return all;
}

}  // namespace sofa::java
