#include "sofa/cli/admin_client.h"

#include <algorithm>

#include <fmt/format.h>

#include "sofa/cli/command.h"
#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"
#include "sofa/net/http_url.h"

namespace sofa::cli {
namespace {

constexpr std::size_t kMostBytes = 64 << 20;

}  // namespace

std::string AdminTarget::url() const {
  return "http://" + address.to_string();
}

Result<AdminTarget> parse_admin_target(std::string_view text) {
  const bool is_port = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const std::string full = is_port                                      ? fmt::format("http://127.0.0.1:{}", text)
                           : text.find("://") == std::string_view::npos ? fmt::format("http://{}", text)
                                                                        : std::string(text);
  auto url = net::HttpUrl::parse(full);
  if (!url) {
    return fail(CliError::kInput, "'{}' is no admin endpoint: write host:port, a port of this machine, or a url ({})",
                text, url.error().message());
  }
  AdminTarget target{.address = url->address};
  if (url->target != "/") target.metrics = url->target;
  return target;
}

AdminClient::AdminClient(AdminTarget target, io::Duration patience)
    : target_(std::move(target)),
      patience_(patience),
      shards_(io::posix::env(), 1),
      client_(shards_, {.timeout = patience}) {
  shards_.start();
}

AdminClient::~AdminClient() {
  shards_.stop_and_join();
}

Task<AdminAnswer> AdminClient::send(net::HttpRequest request) {
  net::HttpResponse answer = co_await client_.send(target_.address, std::move(request));
  const int status = answer.status;
  co_return AdminAnswer{status, co_await answer.body.read_text(kMostBytes)};
}

Result<AdminAnswer> AdminClient::ask(std::string_view method, std::string_view path, std::string_view body) {
  net::HttpRequest request =
      body.empty() ? net::HttpRequest::get(path) : net::HttpRequest::post(path, "text/plain", body);
  request.method = method;
  Result<AdminAnswer> answer = sofa::wait(shards_, send(std::move(request)), patience_ + std::chrono::seconds(1));
  if (answer) return answer;
  const Error& why = answer.error();
  return tl::unexpected(
      Error(why.part(), why.code(),
            fmt::format("asked {}{}: {}: is the process up, and is this the `observe.admin` of its file?",
                        target_.url(), path, why.message()),
            why.retriable() ? Retriable::kYes : Retriable::kNo)
          .caused_by(why));
}

void AdminClient::sleep(io::Duration time) {
  const auto slept = [](io::Duration so_long) -> Task<void> { co_await sofa::sleep(so_long); };
  (void)sofa::wait(shards_, slept(time), time + std::chrono::seconds(1));
}

}  // namespace sofa::cli
