// What a class becomes in C++: a struct, an enum, an exception, a choice among its subclasses, or a Value with the
// reason.
//
//   Kind kind = form_of(library, *library.find("dev.sofa.bank.Currency"));
//   kind.form          // Kind::Form::kEnum
//   kind.constants     // CNY, USD, …
//
// Of structs, exceptions and choices only the form is given: facade.h adds fields and members.
#pragma once

#include "sofa/wire/java/facade.h"

namespace sofa::java {

/// Of a slot that is declared as `file`, which may hold what extends it.
Kind form_of(const Library& library, const ClassFile& file);
/// Of exactly that class: a struct, or a value where it cannot be one.
Kind own_form_of(const Library& library, const ClassFile& file);
/// The classes that a slot declared as `file` can hold, itself first; none that is abstract.
std::vector<const ClassFile*> concrete_classes(const Library& library, const ClassFile& file);
/// A field that is on the wire.
bool is_written(const Member& field);
bool is_enum(const ClassFile& file);

}  // namespace sofa::java
