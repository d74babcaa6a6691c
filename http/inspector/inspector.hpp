#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/conversation_history.hpp>

#include <cstdint>
#include <future>
#include <map>
#include <string>
#include <string_view>

/// The inspector for developers: a panel beside an inspected page, which is a component like any
/// other, in a conversation of its own. See `app::inspector`.
namespace stube::http {

/// The address of the panel, below the base path. `?of=ID&head=N` names the inspected conversation.
inline constexpr std::string_view inspector_path = "/stube/inspector";

/// The style sheet with the labels of all components, below the base path.
inline constexpr std::string_view inspector_labels_path = "/stube/inspector.css";

/// The topic for the panels of one conversation: it has a new revision.
std::string inspector_topic(std::string_view conversation);

/// The sources of the components, for the inspector. A server has one. It is an application object
/// of its conversations.
/// Threads: any.
class inspection {
public:
    /// Begins to read the debug information on a thread of its own.
    inspection();

    /// Such as "/home/ada/shop/counter.cpp:12". Empty if it is not known, or not yet.
    std::string source_of(const component_type& type) const;

    /// A style sheet that labels the elements of all components with their names and sources. Waits
    /// until the debug information was read.
    std::string labels() const;

private:
    using lines = std::map<const void*, std::string>;

    std::shared_future<lines> lines_;
};

/// The panel.
struct inspector {
    static constexpr std::string_view component = "stube/inspector";
    static constexpr bool archived = false;  // otherwise it would show itself
    static constexpr std::size_t events_per_page = 50;

    std::string of;             ///< the inspected conversation
    std::uint64_t head = 0;     ///< 0: the newest one
    std::uint64_t before = 0;   ///< the events below this head; 0: the newest ones
    std::uint64_t changes = 0;  ///< of the conversation since the panel was opened

    effects start();

    void changed() { ++changes; }

    void show_before(std::uint64_t number) { before = number; }

    void show_newest() { before = 0; }

    markup render(const context& around) const;
};
BOOST_DESCRIBE_STRUCT(
    inspector,
    (),
    (of, head, before, changes, start, changed, show_before, show_newest)
)

}  // namespace stube::http
