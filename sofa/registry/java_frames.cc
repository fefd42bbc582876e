// What is written as Java writes it.
#include "sofa/registry/java_model.h"

namespace sofa::registry {

template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const PublisherRegister&);
template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const SubscriberRegister&);
template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const RegisterResponse&);
template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const SyncConfigResponse&);
template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const ReceivedConfigData&);
template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const PushResult&);

}  // namespace sofa::registry
