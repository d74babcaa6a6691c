#include "runtime/live/hydration.hpp"

#include "runtime/component/quote_for_log.hpp"
#include "runtime/conversation/decoder.hpp"

#include <memory>
#include <string_view>

namespace stube::live {

using namespace kernel;

void decode_stored(const held_entry& held, const secret_keys& keys) {
    const detail::secret_keys_scope scope(keys);
    auto& session = held.session();
    session.value = std::make_shared<const conversation>(decode_conversation(*session.stored));
    session.stored.reset();
}

condition condition_for(const std::exception& why) {
    const bool is_of_other_release =
        dynamic_cast<const newer_shape*>(&why) || dynamic_cast<const unknown_component*>(&why);
    return is_of_other_release ? condition::other_release : condition::unusable;
}

std::string describe_unreadable(const entry& e, const std::exception& why) {
    const std::string_view reason = dynamic_cast<const newer_shape*>(&why) ? "newer_shape"
                                    : dynamic_cast<const unknown_component*>(&why)
                                        ? "unknown_component"
                                        : "unusable";
    return std::string(reason) + " conversation=" + e.id + " why=" + quote_for_log(why.what()) +
           " (kept)";
}

bool hydrate(const held_entry& held, map_context& context, registry& conversations) {
    if (held.session().value) return true;
    try {
        decode_stored(held, context.options.secrets);
        return true;
    } catch (const std::exception& why) {
        context.log().error(describe_unreadable(*held, why));
        held->state = condition_for(why);
        held.session().stored.reset();
    }
    conversations.by_owner().remove(held.pointer());
    return false;
}

}  // namespace stube::live
