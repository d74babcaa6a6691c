#pragma once

#include <stube/runtime/call.hpp>
#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/markup.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Components within a component. Each child has its own state, element and events: an event of a
/// child renders, sends and saves that child alone.
///
///     struct desk {
///         static constexpr std::string_view component = "demo/desk";
///         slot<counter> visitors;                         // one child
///         keyed<ticket> tickets;                          // children by key, in order
///         void open(int number) { tickets.push_back(number, ticket{number}); }
///         markup render() const { return div(visitors, ul(tickets)); }
///     };
///     BOOST_DESCRIBE_STRUCT(desk, (), (visitors, tickets, open))
///
/// A list must be alone in its element, beside attributes, because its id becomes the id of the
/// element: `ul(class_("rows"), rows)`. In a `table`, the rows of a list get a `tbody` of their
/// own.
///
/// A child begins with its owner, or after the handler that has put it into a list. It leaves with
/// its owner, or after the handler that has taken it out. Children leave before their owners. A
/// slot or list does not give access to the state of its children. The owner receives their answers
/// (`then`) and sends messages to them (`send<...>`).
namespace stube {

namespace detail {

/// One child of a slot or list.
struct child {
    std::string key;                ///< empty in a slot
    instance_id id = 0;             ///< 0 until the kernel has made the child
    std::uint64_t fingerprint = 0;  ///< hash of the initial state; 0 if it cannot be compared
    /// The initial state; null after the kernel has made the child.
    std::shared_ptr<const void> fresh;

    bool is_made() const { return id != 0; }
};

using child_list = std::shared_ptr<const std::vector<child>>;

class child_draft;

/// Returns `wanted` with the identities of `now`: a child with a known key keeps its id, and a
/// child with the same initial state keeps its present state as well. Throws std::invalid_argument
/// if a key occurs twice.
std::vector<child> merge_children(const std::vector<child>& now, std::vector<child> wanted);

}  // namespace detail

/// The common part of slots and lists, as the kernel uses it. It is a value, and copies share their
/// children. A move is a copy, so that no list loses its children.
///
/// A list that a handler changes becomes a draft, in which changes and look-ups are fast. `all` and
/// `shared` turn the draft back into one array. The kernel calls them after each handler, before
/// other threads see the state. Two threads must not read a draft at the same time. A list
/// without a draft can be read by several threads.
class embedded_children {
public:
    embedded_children(const embedded_children& other);
    embedded_children& operator=(const embedded_children& other);

    const component_type& type() const { return *type_; }

    /// The member's name. Empty before the kernel has set it.
    std::string_view name() const { return name_; }

    const std::vector<detail::child>& all() const { return shared() ? *list_ : no_children(); }

    const detail::child_list& shared() const {
        if (draft_) end_draft();
        return list_;
    }

    std::string_view then_member() const { return then_; }

    std::string_view or_else_member() const { return or_else_; }

    // For the kernel.
    void name_as(std::string_view name) {
        if (draft_) end_draft();
        name_ = name;
    }

    void replace(std::vector<detail::child> new_children);

protected:
    explicit embedded_children(const component_type& type) : type_(&type) {}

    ~embedded_children() = default;

    detail::child make_child(std::string key, std::shared_ptr<const void> state) const;

    void answer_to(std::string_view then) { then_ = then; }

    void fail_to(std::string_view or_else) { or_else_ = or_else; }

    // The operations of a list. In each handler, the first uses take time linear in the size of the
    // list. After that, each operation but `all_keys` takes logarithmic time at most.
    std::size_t count() const;
    const detail::child* find(std::string_view key) const;
    const detail::child* find(std::string_view key);
    std::vector<std::string> all_keys() const;
    void insert_child(std::size_t position, detail::child added);
    void set_child(detail::child wanted);
    bool erase_child(std::string_view key);
    void move_child(std::string_view key, std::size_t position);

private:
    static const std::vector<detail::child>& no_children();
    detail::child_draft& draft();
    void end_draft() const;

    const component_type* type_;
    std::string_view name_;
    std::string_view then_;
    std::string_view or_else_;
    mutable detail::child_list list_;
    mutable std::shared_ptr<detail::child_draft> draft_;  // replaces the list; null for none
    int lookups_ = 0;                                     // while there was no draft
};

/// Sets the names of all slots and lists of a state. They need the names for rendering, and the
/// names are not stored. For the kernel.
void name_lists(const component_type& type, void* state);

/// One component within another: `slot<search> search_box;`. A handler that assigns a new slot to
/// the member ends the old child and begins a new one.
template <class T>
class slot : public embedded_children {
public:
    /// The child begins with the defaults of T.
    slot() : slot(T{}) {}

    /// The child begins with this state.
    slot(T state) : embedded_children(type_of<T>()) {
        static_cast<void>(&detail::known<T>);
        replace({make_child("", std::make_shared<const T>(std::move(state)))});
    }

    /// The owner's member that receives the answers of the child. After its answer, a component
    /// stays in the slot, and a flow leaves it. Write `then` in the initialiser of the member, as
    /// here, because it is not stored: after a restart, only the initialiser applies.
    ///
    ///     slot<pick_day> day = slot<pick_day>().then<&planner::picked>();
    template <auto Member, class Type = decltype(Member)>
    slot then() && {
        static_assert(
            detail::accepts<answer_type_of<T>, typename detail::member<Member>::arguments>,
            "stube: this member cannot take the answer. It must take exactly the answer_type of "
            "the component in the slot, or nothing."
        );
        answer_to(detail::member_name<Member>());
        return std::move(*this);
    }

    /// The owner's member that receives the failure if the child fails.
    ///
    ///     slot<pay> till = slot<pay>().then<&shop::paid>().or_else<&shop::refused>();
    template <auto Member, class Type = decltype(Member)>
    slot or_else() && {
        static_assert(
            detail::accepts<failure, typename detail::member<Member>::arguments>,
            "stube: this member cannot take the failure. It must take a stube::failure, or nothing."
        );
        fail_to(detail::member_name<Member>());
        return std::move(*this);
    }

    /// The id of the child, for `send` and `on<...>.to(...)`. 0 before the kernel has made the
    /// child.
    instance_id id() const { return all().front().id; }
};

/// Components within another one, in order, each with a key. A key is a number or a string.
template <class T>
class keyed : public embedded_children {
public:
    keyed() : embedded_children(type_of<T>()) { static_cast<void>(&detail::known<T>); }

    /// The owner's member that receives the answers of the children. Write `then` in the
    /// initialiser of the member, as here, because it is not stored: after a restart, only the
    /// initialiser applies.
    ///
    ///     keyed<pick_day> days = keyed<pick_day>().then<&planner::picked>();
    template <auto Member, class Type = decltype(Member)>
    keyed then() && {
        static_assert(
            detail::accepts<answer_type_of<T>, typename detail::member<Member>::arguments>,
            "stube: this member cannot take the answer. It must take exactly the answer_type of "
            "the components in the list, or nothing."
        );
        answer_to(detail::member_name<Member>());
        return std::move(*this);
    }

    /// The owner's member that receives the failure if a child fails.
    template <auto Member, class Type = decltype(Member)>
    keyed or_else() && {
        static_assert(
            detail::accepts<failure, typename detail::member<Member>::arguments>,
            "stube: this member cannot take the failure. It must take a stube::failure, or nothing."
        );
        fail_to(detail::member_name<Member>());
        return std::move(*this);
    }

    std::size_t size() const { return count(); }

    bool empty() const { return count() == 0; }

    bool contains(const auto& key) const { return find(key_text(key)) != nullptr; }

    bool contains(const auto& key) { return find(key_text(key)) != nullptr; }

    std::vector<std::string> keys() const { return all_keys(); }

    /// The id of the child with this key, for `send`. 0 for an unknown key, and before the kernel
    /// has made the child.
    instance_id id(const auto& key) const { return id_of(find(key_text(key))); }

    instance_id id(const auto& key) { return id_of(find(key_text(key))); }

    /// Gives the list one child for each of `items`, in their order:
    ///
    ///     rows.assign(items, &item::number, [](const item& i) { return row{i.text}; });
    ///
    /// A child whose key was in the list keeps its state, unless its initial state has changed:
    /// then it begins again. Children with other keys leave. Throws std::invalid_argument if a key
    /// occurs twice.
    template <detail::iterable Items, class KeyOf, class Make>
    void assign(Items&& items, KeyOf key_of, Make make) {
        std::vector<detail::child> wanted;
        if constexpr (requires { std::size(items); }) wanted.reserve(std::size(items));
        for (auto&& item : items)
            wanted.push_back(child_of(key_text(std::invoke(key_of, item)), std::invoke(make, item))
            );
        replace(detail::merge_children(all(), std::move(wanted)));
    }

    /// Adds a child at the end. Throws std::invalid_argument if the key is in the list already.
    ///
    ///     rows.push_back(7, row{"Milk"});
    ///     rows.set(7, row{"Oat milk"});
    ///     rows.move(7, 0);  // to the top
    ///     rows.erase(7);
    void push_back(const auto& key, T state) { insert(size(), key, std::move(state)); }

    /// Adds a child before the one at `position`, or at the end. Throws std::invalid_argument if
    /// the key is in the list already.
    void insert(std::size_t position, const auto& key, T state) {
        insert_child(position, child_of(key_text(key), std::move(state)));
    }

    /// Lets the child with this key begin again with this state, unless it was made from the same
    /// state. Throws std::invalid_argument if the list does not contain the key.
    void set(const auto& key, T state) { set_child(child_of(key_text(key), std::move(state))); }

    /// Removes the child with this key. Returns false if the list does not contain the key.
    bool erase(const auto& key) { return erase_child(key_text(key)); }

    /// Moves the child with this key to `position` among the others. Throws std::invalid_argument
    /// if the list does not contain the key.
    void move(const auto& key, std::size_t position) { move_child(key_text(key), position); }

    void clear() { replace({}); }

private:
    template <class Key>
    static std::string key_text(const Key& key) {
        if constexpr (std::integral<Key>) {
            return std::to_string(key);
        } else {
            return std::string(std::string_view(key));
        }
    }

    static instance_id id_of(const detail::child* found) { return found ? found->id : 0; }

    detail::child child_of(std::string key, T state) const {
        return make_child(std::move(key), std::make_shared<const T>(std::move(state)));
    }
};

namespace detail {

template <class T>
inline constexpr bool is_children<slot<T>> = true;
template <class T>
inline constexpr bool is_children<keyed<T>> = true;
template <class T>
inline constexpr bool is_slot<slot<T>> = true;
template <class T>
inline constexpr bool is_component_list<keyed<T>> = true;
template <class T>
inline constexpr bool is_attribute<keyed<T>> = true;

void encode_children(boost::json::value& to, const embedded_children& from, bool with_keys);
void decode_children(embedded_children& to, const boost::json::value& from, bool with_keys);

}  // namespace detail

void put_hole(markup& out, hole::kind kind, const embedded_children& list);

template <class T>
void put_children(markup& out, const slot<T>& child) {
    put_hole(out, hole::kind::child, child);
}

template <class T>
void put_children(markup& out, const keyed<T>& list) {
    put_hole(out, hole::kind::children, list);
}

template <class T>
void write_attributes(markup& out, const keyed<T>& list) {
    put_hole(out, hole::kind::list, list);
}

/// A slot is stored as the id of its child, a list as the key, id and fingerprint of each child.
template <class T>
struct codec<slot<T>> {
    static void encode_to(boost::json::value& to, const slot<T>& from) {
        detail::encode_children(to, from, false);
    }

    static void decode(slot<T>& to, const boost::json::value& from) {
        detail::decode_children(to, from, false);
    }
};

template <class T>
struct codec<keyed<T>> {
    static void encode_to(boost::json::value& to, const keyed<T>& from) {
        detail::encode_children(to, from, true);
    }

    static void decode(keyed<T>& to, const boost::json::value& from) {
        detail::decode_children(to, from, true);
    }
};

}  // namespace stube
