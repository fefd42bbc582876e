#include "sofa/wire/hessian/containers.h"

namespace sofa::hessian {

void Codec<std::vector<bool>>::encode_as(Writer& to, std::string_view type, const std::vector<bool>& value) {
  to.begin_list(type, static_cast<std::int32_t>(value.size()));
  for (const bool element : value) to.write_bool(element);
  to.end_list();
}

void Codec<std::vector<bool>>::decode(Reader& from, std::vector<bool>& value) {
  value.clear();
  follow(from, [&] {
    for (Reader::List list = from.begin_list(); from.more(list);) value.push_back(from.read_bool());
  });
}

}  // namespace sofa::hessian
