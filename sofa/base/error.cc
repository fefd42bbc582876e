#include "sofa/base/error.h"

namespace sofa {

struct Error::Body {
  const ErrorPart* part;
  int code;
  Retriable retriable;
  std::string message;
  std::shared_ptr<const Error> cause;
  std::exception_ptr thrown;
  std::string what;

  void describe() {
    what = fmt::format("{}/{}: {}", part->name, part->code_name(code), message);
    if (cause) what += fmt::format(" (caused by {})", cause->what());
  }
};

Error::Error(const ErrorPart& part, int code, std::string message, Retriable retriable) {
  auto body = std::make_shared<Body>(Body{&part, code, retriable, std::move(message), nullptr, nullptr, {}});
  body->describe();
  body_ = std::move(body);
}

const ErrorPart& Error::part() const noexcept {
  return *body_->part;
}
int Error::code() const noexcept {
  return body_->code;
}
std::string_view Error::code_name() const noexcept {
  return body_->part->code_name(body_->code);
}
bool Error::retriable() const noexcept {
  return body_->retriable == Retriable::kYes;
}
const std::string& Error::message() const noexcept {
  return body_->message;
}
const Error* Error::cause() const noexcept {
  return body_->cause.get();
}
const std::exception_ptr& Error::thrown() const noexcept {
  return body_->thrown;
}
const char* Error::what() const noexcept {
  return body_->what.c_str();
}

Error Error::caused_by(Error cause) && {
  auto body = std::make_shared<Body>(*body_);
  body->cause = std::make_shared<const Error>(std::move(cause));
  body->describe();
  body_ = std::move(body);
  return std::move(*this);
}

Error Error::carrying(std::exception_ptr thrown) && {
  auto body = std::make_shared<Body>(*body_);
  body->thrown = std::move(thrown);
  body_ = std::move(body);
  return std::move(*this);
}

void Error::raise() const {
  if (body_->thrown) std::rethrow_exception(body_->thrown);
  throw *this;
}

}  // namespace sofa
