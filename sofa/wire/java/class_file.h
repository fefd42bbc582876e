// A class file as far as a peer in another language needs it: names, parents, fields, methods, generics. Code is passed
// over and never run.
//
//   SOFA_TRY(ClassFile leg, read_class(bytes));
//   leg.name                     // "dev.sofa.bank.Leg"
//   leg.fields[0].type           // "Ljava/math/BigDecimal;": see type.h
//
// Bounded: counts are checked against the bytes that are left before room is made, and what the members say together
// may not be more than kMostRepeated times the file, so that no shared constant swells. Format: JVMS 4, class files of
// any version. Ownership: a ClassFile owns its text. Threads: a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sofa/base/bytes.h"
#include "sofa/wire/java/error.h"

namespace sofa::java {

/// JVMS 4.1, 4.5, 4.6: what of the access flags matters here.
enum Access : std::uint16_t {
  kPublic = 0x0001,
  kPrivate = 0x0002,
  kStatic = 0x0008,
  kVolatileOrBridge = 0x0040,
  kTransient = 0x0080,
  kInterface = 0x0200,
  kAbstract = 0x0400,
  kSynthetic = 0x1000,
  kAnnotation = 0x2000,
  kEnum = 0x4000,
};

struct Member {
  std::uint16_t access = 0;
  std::string name;
  std::string type;                     ///< descriptor
  std::string signature;                ///< with generics; empty where the descriptor says all
  std::vector<std::string> throws;      ///< of a method: class names
  std::vector<std::string> parameters;  ///< of a method compiled with -parameters: their names

  bool is(std::uint16_t flag) const { return (access & flag) != 0; }
};

struct ClassFile {
  std::uint16_t access = 0;
  std::string name;
  std::string parent;  ///< empty for java.lang.Object
  std::vector<std::string> interfaces;
  std::string signature;   ///< with generics; empty where it has none
  std::string outer;       ///< the class that it is nested in, where it has a name there
  std::string inner_name;  ///< its name there
  bool is_local = false;   ///< local or anonymous: nobody else can name it
  std::vector<Member> fields;
  std::vector<Member> methods;

  bool is(std::uint16_t flag) const { return (access & flag) != 0; }
};

inline constexpr std::size_t kMostRepeated = 32;

/// Error: kNotAClass, kBadClass.
Result<ClassFile> read_class(BytesView bytes);

}  // namespace sofa::java
