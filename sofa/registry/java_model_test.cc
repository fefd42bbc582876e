#include "sofa/registry/java_model.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::registry {
namespace {

struct Frame {
  std::string name;
  Bytes bytes;
  bolt::FrameView view;
};

/// All frames of all cases.
const std::vector<Frame>& golden() {
  static const std::vector<Frame> all = [] {
    std::vector<Frame> frames;
    for (const auto& file : std::filesystem::recursive_directory_iterator(SOFA_SOURCE_DIR "/tests/golden/registry")) {
      if (file.path().extension() != ".bin") continue;
      std::ifstream in(file.path(), std::ios::binary);
      const std::string text((std::istreambuf_iterator<char>(in)), {});
      frames.push_back({file.path().string(), Bytes(text.begin(), text.end()), {}});
    }
    for (Frame& frame : frames) (void)bolt::decode(frame.bytes, {}, frame.view);
    return frames;
  }();
  return all;
}

template <class T>
int check_same_bytes(const Frame& frame) {
  if (frame.view.class_name != T::java_class) return 0;
  const Result<T> read = hessian::from_bytes<T>(frame.view.content);
  EXPECT_TRUE(read) << frame.name << ": " << read.error().message();
  if (!read) return 0;
  rpc::FrameBuffer buffer;
  if (frame.view.head.type == bolt::FrameType::kRequest) {
    write_request(buffer, frame.view.head.id, frame.view.head.timeout_ms, *read);
  } else {
    bolt::Head request = frame.view.head;
    request.type = bolt::FrameType::kRequest;
    write_answer(buffer, request, *read);
  }
  EXPECT_EQ(as_text(buffer.bytes()), as_text(frame.bytes)) << frame.name;
  return 1;
}

TEST(JavaModel, WritesWhatJavaWrites) {
  EXPECT_EQ(golden().size(), 101U);
  int same = 0, lists = 0, heartbeats = 0;
  for (const Frame& frame : golden()) {
    same += check_same_bytes<PublisherRegister>(frame) + check_same_bytes<ConfiguratorRegister>(frame) +
            check_same_bytes<SyncConfigRequest>(frame) + check_same_bytes<RegisterResponse>(frame) +
            check_same_bytes<SyncConfigResponse>(frame) + check_same_bytes<ReceivedConfigData>(frame) +
            check_same_bytes<PushResult>(frame);
    lists +=
        frame.view.class_name == ReceivedData::java_class || frame.view.class_name == SubscriberRegister::java_class;
    heartbeats += frame.view.head.command == bolt::Command::kHeartbeat;
  }
  EXPECT_EQ(same + lists + heartbeats, 101);
  EXPECT_GT(same, 70);
}

// Of 6.5.6: what older clients do not send has its default.
TEST(JavaModel, ReadsAndWritesSubscribers) {
  int of_new = 0, of_old = 0;
  for (const Frame& frame : golden()) {
    if (frame.view.class_name != SubscriberRegister::java_class) continue;
    const Result<JavaRequest> read = read_request(frame.view.class_name, frame.view.content);
    ASSERT_TRUE(read) << frame.name;
    const auto& subscriber = std::get<SubscriberRegister>(*read);
    EXPECT_FALSE(subscriber.data_id->empty());
    EXPECT_EQ(*subscriber.event_type, "REGISTER");
    EXPECT_FALSE(subscriber.accept_multi);
    const bool is_new = frame.name.find("6.5.6") != std::string::npos;
    is_new ? of_new += check_same_bytes<SubscriberRegister>(frame) : ++of_old;
  }
  EXPECT_EQ(of_new, 5);
  EXPECT_EQ(of_old, 2);
}

/// What the golden list says, as a datum with one publisher a zone.
struct Known {
  explicit Known(const ReceivedData& list) {
    datum.id = {*list.data_id, *list.instance_id, *list.group};
    datum.version = static_cast<std::uint64_t>(*list.version);
    for (const auto& [zone, boxes] : list.data) {
      std::vector<std::string> values;
      for (const DataBox& box : boxes) values.push_back(*box.data);
      publishers.push_back(
          std::make_unique<Publisher>(Publisher{.id = {},
                                                .datum = &datum,
                                                .client = nullptr,
                                                .origin = std::make_shared<const Origin>(Origin{zone, ""}),

                                                .values = PackedValues(values),
                                                .version = 1,
                                                .timestamp = 0}));
      datum.publishers.push_back(publishers.back().get());
    }
    for (const std::string& id : list.subscriber_regist_ids) {
      subscribers.push_back(std::make_unique<Subscriber>(Subscriber{
          .id = RegistId(id), .datum = &datum, .client = nullptr, .zone = {}, .scope = Scope::kGlobal, .at = 0}));
      told.push_back(subscribers.back().get());
    }
  }
  Datum datum;
  std::vector<std::unique_ptr<Publisher>> publishers;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  std::vector<Subscriber*> told;
};

std::string push_of(const Known& known, const ReceivedData& list, const bolt::Head& head) {
  const EncodedList encoded(known.datum, *list.segment, scope_of(*list.scope), *list.local_zone);
  Chain out;
  rpc::FrameBuffer buffer;
  encoded.append_push(out, buffer, head.id, head.timeout_ms, known.told);
  std::string text;
  Chain::Slice slices[64];
  for (std::size_t i = 0, count = out.fill(slices, 64); i < count; ++i) {
    text.append(static_cast<const char*>(slices[i].data), slices[i].size);
  }
  return text;
}

TEST(JavaModel, PushesListsAsJavaDoes) {
  int same = 0, empty = 0;
  for (const Frame& frame : golden()) {
    if (frame.view.class_name != ReceivedData::java_class) continue;
    const Result<ReceivedData> list = hessian::from_bytes<ReceivedData>(frame.view.content);
    ASSERT_TRUE(list) << frame.name << ": " << list.error().message();
    if (scope_of(*list->scope) == Scope::kZone) continue;
    const std::string push = push_of(Known(*list), *list, frame.view.head);
    if (!list->data.empty()) {
      EXPECT_EQ(push, as_text(frame.bytes)) << frame.name;
      ++same;
      continue;
    }
    // Java writes an empty map of a class of its own.
    bolt::FrameView view;
    ASSERT_EQ(bolt::decode(as_bytes(push), {}, view).outcome, bolt::Outcome::kFrame);
    const Result<ReceivedData> back = hessian::from_bytes<ReceivedData>(view.content);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_TRUE(back->data.empty());
    EXPECT_EQ(back->version, list->version);
    EXPECT_EQ(back->subscriber_regist_ids, list->subscriber_regist_ids);
    ++empty;
  }
  EXPECT_GE(same, 8);
  EXPECT_GE(empty, 6);
}

TEST(JavaModel, ManySubscribersShareOneList) {
  ReceivedData list{.data_id = "x",
                    .group = "SOFA",
                    .instance_id = "I",
                    .segment = "DefaultDataCenter",
                    .scope = "global",
                    .version = 77,
                    .local_zone = "RZ01"};
  for (int i = 0; i < 300; ++i) {
    list.subscriber_regist_ids.push_back("subscriber " + std::to_string(i));
    list.data["RZ" + std::to_string(i % 3)].push_back({"10.0.0." + std::to_string(i) + ":12200?a=b&c=测试"});
  }
  const Known known(list);
  const std::string push = push_of(known, list, {});
  bolt::FrameView view;
  ASSERT_EQ(bolt::decode(as_bytes(push), {}, view).outcome, bolt::Outcome::kFrame);
  const Result<ReceivedData> back = hessian::from_bytes<ReceivedData>(view.content);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->subscriber_regist_ids, list.subscriber_regist_ids);
  EXPECT_EQ(back->data_count.at("RZ1"), 100);
  EXPECT_EQ(back->data.at("RZ2").size(), 100U);
  EXPECT_EQ(back->data.at("RZ0").front().data, "10.0.0.0:12200?a=b&c=测试");
}

TEST(JavaModel, RefusesWhatIsNoRequest) {
  EXPECT_FALSE(read_request("java.lang.Runtime", {}));
  EXPECT_FALSE(read_request(PublisherRegister::java_class, {}));
  for (const Frame& frame : golden()) {
    if (frame.view.class_name != PublisherRegister::java_class || frame.bytes.size() > 2000) continue;
    for (std::size_t size = 0; size < frame.view.content.size(); ++size) {
      EXPECT_FALSE(read_request(frame.view.class_name, frame.view.content.first(size)));
    }
  }
}

}  // namespace
}  // namespace sofa::registry
