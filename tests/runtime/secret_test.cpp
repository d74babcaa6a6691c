#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"

#include <stube/runtime/behavior.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/runtime/snapshot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/tree.hpp>
#include <stube/runtime/ui.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::storage;
using namespace stube::html;

namespace {

constexpr const char* seed = "hunter2";

const secret_keys old_key{{"2025", "an old key of thirty-two bytes.."}};
const secret_keys new_key{{"2026", "a new key of thirty-two bytes..."}};
const secret_keys both_keys{
    {"2026", "a new key of thirty-two bytes..."},
    {"2025", "an old key of thirty-two bytes.."}
};

struct card {
    std::string holder;
    encrypted<std::string> number;
    transient<int> code;
};
BOOST_DESCRIBE_STRUCT(card, (), (holder, number, code))

struct vault {
    static constexpr std::string_view component = "test/vault";
    encrypted<std::string> key;
    transient<std::string> pin;
    std::optional<encrypted<int>> limit;
    std::vector<card> cards;
    std::vector<transient<std::string>> codes;
    std::map<std::string, encrypted<std::string>> tokens;
    int opened = 0;

    void open() { ++opened; }

    void pay(const transient<std::string>& with) { pin = with; }

    void pay_by(int amount, const card& with) {
        opened = amount;
        cards = {with};
    }

    void give(const encrypted<int>& most) { limit = most; }

    markup render() const {
        return div(
            button(on<"click", &vault::open>, "Open"),
            div(behavior("test/pad").event<&vault::pay>()),
            div(behavior("test/pad").event<&vault::pay_by>()),
            div(behavior("test/pad").event<&vault::give>())
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    vault,
    (),
    (key, pin, limit, cards, codes, tokens, opened, open, pay, pay_by, give)
)

vault filled_vault() {
    vault out;
    out.key = seed;
    out.pin = seed;
    out.limit = 4711;
    out.cards = {{"Ada", seed, 815}};
    out.codes = {seed, seed};
    out.tokens = {{"bank", seed}};
    return out;
}

/// The state of a component as a store gets it.
template <class C>
std::string stored(const C& state, const secret_keys& keys = new_key) {
    const detail::secret_keys_scope scope(keys);
    return type_of<C>().encode(&state);
}

template <class C>
C read(std::string_view text, const secret_keys& keys = new_key) {
    const detail::secret_keys_scope scope(keys);
    return *static_cast<const C*>(type_of<C>().decode(boost::json::parse(text)).get());
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

struct sign_in {
    static constexpr std::string_view component = "test/sign_in";
    field<std::string> name;
    field<transient<std::string>> password;
    field<encrypted<int>> number;
    std::string seen;

    void enter() {
        password.require("Enter your password");
        if (has_errors(*this)) return;
        seen = std::to_string(password.value().reveal().size());
    }

    void need() { seen = std::to_string(number.value().reveal()); }

    void clear() {
        password.clear();
        number.clear();
    }

    effects leave() { return call<ui::info>("Bye"); }

    markup render() const {
        return form(
            on<"submit", &sign_in::enter>,
            ui::error_summary(*this),
            ui::input_for<&sign_in::name>(*this, "Name"),
            ui::input_for<&sign_in::password>(*this, "Password", autocomplete("current-password")),
            ui::input_for<&sign_in::number>(*this, "Number"),
            p("seen ", seen),
            button("Enter"),
            button(type("button"), on<"click", &sign_in::need>, "Need"),
            button(type("button"), on<"click", &sign_in::clear>, "Clear"),
            button(type("button"), on<"click", &sign_in::leave>, "Leave")
        );
    }
};
BOOST_DESCRIBE_STRUCT(sign_in, (), (name, password, number, seen, enter, need, clear, leave))

std::string text_of(const std::vector<patch>& patches) {
    std::string out;
    for (const auto& each : patches)
        out.append(each.content.text()).append(each.json);
    return out;
}

/// Everything that a store gets of a conversation.
std::string all_stored(const conversation& of) {
    const detail::secret_keys_scope scope(new_key);
    std::string out;
    for (const auto& each : encode_change(nullptr, of, false).written)
        out.append(each.body).append("\n");
    return out;
}

template <class T>
concept is_printable = requires(std::ostream& out, const T& value) { out << value; };

}  // namespace

// --- values

TEST_CASE("a secret value converts from its content and not back") {
    static_assert(std::is_convertible_v<const char*, transient<std::string>>);
    static_assert(std::is_convertible_v<std::string, encrypted<std::string>>);
    static_assert(!std::is_convertible_v<transient<std::string>, std::string>);
    static_assert(!std::is_convertible_v<encrypted<std::string>, std::string_view>);
    static_assert(!std::is_convertible_v<transient<std::string>, encrypted<std::string>>);
    static_assert(!is_printable<transient<std::string>>);
    static_assert(!is_printable<encrypted<int>>);
    transient<std::string> pin = seed;
    CHECK(pin.reveal() == seed);
    pin.reveal() += "!";
    CHECK((pin == transient<std::string>("hunter2!")));
    CHECK_FALSE((pin == seed));
}

TEST_CASE("a secret text that is moved leaves nothing behind") {
    transient<std::string> from = seed;
    const char* const bytes = from.reveal().data();
    const transient<std::string> to = std::move(from);
    CHECK(to.reveal() == seed);
    CHECK(bytes[0] == '\0');
}

TEST_CASE("a wiped text is empty and its bytes are overwritten") {
    std::string text(100, 'x');
    text.resize(3);
    const char* const bytes = text.data();
    detail::wipe(text);
    CHECK(text.empty());
    CHECK(std::string_view(bytes, 100) == std::string(100, '\0'));
}

// --- the stored form

TEST_CASE("a transient value is stored as nothing") {
    const auto text = stored(filled_vault());
    CHECK_FALSE(contains(text, "pin"));
    CHECK_FALSE(contains(text, "code\""));
    CHECK(contains(text, R"("codes":[null,null])"));
    const auto back = read<vault>(text);
    CHECK(back.pin.reveal().empty());
    CHECK(back.cards.at(0).code.reveal() == 0);
    CHECK(back.codes.size() == 2);
    CHECK(back.codes[0].reveal().empty());
}

TEST_CASE("an encrypted value is read back with its key") {
    const auto text = stored(filled_vault());
    CHECK_FALSE(contains(text, seed));
    CHECK_FALSE(contains(text, "4711"));
    const auto back = read<vault>(text);
    CHECK(back.key.reveal() == seed);
    CHECK(back.limit.value().reveal() == 4711);
    CHECK(back.cards.at(0).holder == "Ada");
    CHECK(back.cards.at(0).number.reveal() == seed);
    CHECK(back.tokens.at("bank").reveal() == seed);
}

TEST_CASE("an encrypted value has the stored form of this format") {
    const secret_keys keys{{"k", "0123456789abcdef0123456789abcdef"}};
    vault one;
    one.key = seed;
    // Computed with the AESSIV and HKDF of Python's cryptography.
    CHECK(
        contains(stored(one, keys), R"("key":{"encrypted":"k:YgLhPsUHA3A-OFi_21_j3tHzYPxMIhHllw"})")
    );
}

TEST_CASE("the stored form of an encrypted value is a function of the value") {
    CHECK(stored(filled_vault()) == stored(filled_vault()));
    CHECK(stored(filled_vault()) == stored(filled_vault(), both_keys));
    CHECK(stored(filled_vault()) != stored(filled_vault(), old_key));
}

TEST_CASE("an encrypted text is read back if it is not UTF-8") {
    vault one;
    one.key = std::string("\xff\0\x80\"\\", 5);
    CHECK(read<vault>(stored(one)).key == one.key);
}

TEST_CASE("a second key decrypts and the first one encrypts") {
    const auto before = stored(filled_vault(), old_key);
    CHECK(contains(before, R"("2025:)"));
    const auto back = read<vault>(before, both_keys);
    CHECK(back.key.reveal() == seed);
    const auto after = stored(back, both_keys);
    CHECK(contains(after, R"("2026:)"));
    CHECK_FALSE(contains(after, R"("2025:)"));
}

TEST_CASE("an encrypted value without its key is refused") {
    const auto text = stored(filled_vault(), old_key);
    CHECK_THROWS_WITH_AS(
        read<vault>(text, new_key),
        "an encrypted value needs the key \"2025\", which is not one of the secret_keys",
        decode_error
    );
    CHECK_THROWS_AS(read<vault>(text, secret_keys()), decode_error);
}

TEST_CASE("an encrypted value that is damaged is refused") {
    vault one;
    one.key = seed;
    const auto text = stored(one);
    const auto begin = text.find("2026:") + 5;
    const auto end = text.find('"', begin);
    for (auto at = begin; at < end; ++at) {
        auto damaged = text;
        damaged[at] = damaged[at] == 'A' ? 'B' : 'A';
        CHECK_THROWS_AS(read<vault>(damaged), decode_error);
        damaged = text;
        damaged.erase(at, 1);
        CHECK_THROWS_AS(read<vault>(damaged), decode_error);
    }
    for (const char* each : {"5", "null", R"("")", R"("2026")", R"("2026:")", R"("2026:AAAA")"}) {
        const auto damaged = std::string(R"({"key":{"encrypted":)") + each + "}}";
        CHECK_THROWS_AS(read<vault>(damaged), decode_error);
    }
}

TEST_CASE("an encrypted value under the id of another key is refused") {
    const secret_keys same_id{{"2026", "another key of thirty-two bytes."}};
    CHECK_THROWS_WITH_AS(
        read<vault>(stored(filled_vault()), same_id),
        "an encrypted value is damaged, or its key has changed",
        decode_error
    );
}

namespace {

struct other_vault {
    static constexpr std::string_view component = "test/other_vault";
    encrypted<std::string> key;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(other_vault, (), (key))

}  // namespace

TEST_CASE("an encrypted value of another component is refused") {
    const auto text = stored(other_vault{seed});
    CHECK(read<other_vault>(text).key.reveal() == seed);
    CHECK_THROWS_AS(read<vault>(text), decode_error);
}

TEST_CASE("a value that was stored before it became secret is read") {
    const auto back = read<vault>(R"({"key":"hunter2","pin":"hunter2","limit":4711})");
    CHECK(back.key.reveal() == seed);
    CHECK(back.pin.reveal() == seed);
    CHECK(back.limit.value().reveal() == 4711);
    CHECK_FALSE(contains(stored(back), seed));
}

TEST_CASE("an encrypted value without a key cannot be stored") {
    CHECK_THROWS_AS(stored(filled_vault(), secret_keys()), std::logic_error);
}

TEST_CASE("keys with a wrong id or a short key are refused") {
    const std::string good(32, 'x');
    CHECK_THROWS_AS(secret_keys({{"", good}}), std::invalid_argument);
    CHECK_THROWS_AS(secret_keys({{"a:b", good}}), std::invalid_argument);
    CHECK_THROWS_AS(secret_keys({{"a", good}, {"a", good}}), std::invalid_argument);
    CHECK_THROWS_AS(secret_keys({{"a", std::string(31, 'x')}}), std::invalid_argument);
    CHECK(secret_keys().empty());
    CHECK_FALSE(secret_keys({{"a", good}}).empty());
}

TEST_CASE("a decode error of a secret value does not contain the value") {
    for (const char* each : {R"({"pin":["hunter2"]})", R"({"key":["hunter2"]})"}) {
        try {
            read<vault>(each);
            CHECK(false);
        } catch (const decode_error& e) {
            CHECK(e.what() == std::string("expected another type of secret value"));
        }
    }
}

namespace {

enum class color { red, green };
BOOST_DESCRIBE_ENUM(color, red, green)

struct painting {
    static constexpr std::string_view component = "test/painting";
    encrypted<color> shade;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(painting, (), (shade))

}  // namespace

TEST_CASE("an encode error of a secret value does not contain the value") {
    CHECK_THROWS_WITH_AS(
        stored(painting{static_cast<color>(4711)}),
        "stube: the content of a secret value cannot be stored",
        std::logic_error
    );
}

// --- events

TEST_CASE("a secret argument reaches its member and is in no error") {
    test_conversation t{vault{}};
    t.send<&vault::pay>(seed);
    CHECK(static_cast<const vault*>(t.value().top().state.get())->pin.reveal() == seed);
    t.send<&vault::give>(12);
    CHECK(static_cast<const vault*>(t.value().top().state.get())->limit.value().reveal() == 12);
    t.send<&vault::pay_by>(3, card{"Ada", seed, 815});
    CHECK(static_cast<const vault*>(t.value().top().state.get())->cards.at(0).code.reveal() == 815);
    for (const char* arguments :
         {R"([["hunter2"]])",
          R"(["hunter2","hunter2"])",
          R"({"hunter2":1})",
          R"([{"encrypted":"test:hunter2"}])"}) {
        const auto done = dispatch(t.value(), {77, 1, "pay", arguments, {}}, {t.now()});
        CHECK(done.verdict == verdict::bad_arguments);
        CHECK_FALSE(contains(done.error, seed));
    }
}

TEST_CASE("a component type names its secret fields and arguments") {
    const auto& form = type_of<sign_in>();
    CHECK_FALSE(form.is_secret_field("name"));
    CHECK(form.is_secret_field("password"));
    CHECK(form.is_secret_field("number"));
    CHECK_FALSE(form.is_secret_field("absent"));
    CHECK(form.has_encrypted);
    const auto& of_vault = type_of<vault>();
    CHECK(of_vault.has_encrypted);
    CHECK(of_vault.secret_fields.empty());
    CHECK(of_vault.find("pay")->secret_arguments == 1);
    CHECK(of_vault.find("pay_by")->secret_arguments == 2);
    CHECK_FALSE(of_vault.find("pay_by")->is_secret_argument(0));
    CHECK(of_vault.find("pay_by")->is_secret_argument(1));
    CHECK_FALSE(of_vault.find("pay_by")->is_secret_argument(64));
    CHECK(of_vault.find("open")->secret_arguments == 0);
    CHECK_FALSE(type_of<ui::prompt>().has_encrypted);
    CHECK(type_of<ui::prompt>().secret_fields.empty());
}

namespace {

struct keypad {
    static constexpr std::string_view component = "test/keypad";
    using answer_type = transient<std::string>;

    answers<answer_type> done() { return answer(transient<std::string>(seed)); }

    markup render() const { return p(button(on<"click", &keypad::done>, "Done")); }
};
BOOST_DESCRIBE_STRUCT(keypad, (), (done))

struct pin_pad {
    static constexpr std::string_view component = "test/pin_pad";

    effects press();

    markup render() const { return p(button(on<"click", &pin_pad::press>, "Press")); }
};
BOOST_DESCRIBE_STRUCT(pin_pad, (), (press))

struct till {
    static constexpr std::string_view component = "test/till";
    slot<pin_pad> pad;
    encrypted<std::string> sent;
    transient<std::string> answered;

    void take(const encrypted<std::string>& pin) { sent = pin; }

    void came(const transient<std::string>& pin) { answered = pin; }

    effects ask() { return call<keypad>().then<&till::came>(); }

    markup render() const { return div(pad, button(on<"click", &till::ask>, "Ask")); }
};
BOOST_DESCRIBE_STRUCT(till, (), (pad, sent, answered, take, came, ask))

effects pin_pad::press() {
    return send_up<&till::take>(seed);
}

}  // namespace

TEST_CASE("a secret value travels in a message to one component and in an answer") {
    test_conversation t{till{}};
    t.click("Press");
    CHECK_FALSE(t.failed());
    const auto state = [&] { return static_cast<const till*>(t.value().top().state.get()); };
    CHECK(state()->sent.reveal() == seed);
    t.click("Ask").click("Done");
    CHECK(state()->answered.reveal() == seed);
    CHECK_FALSE(contains(all_stored(t.value()), seed));
    t.restart();
    CHECK(state()->sent.reveal() == seed);
    CHECK(state()->answered.reveal().empty());
}

// --- fields

TEST_CASE("the value of a secret field is never in the page") {
    test_conversation t{sign_in{}};
    const auto empty = t.html();
    CHECK(contains(empty, R"(type="password" autocomplete="current-password")"));
    CHECK(contains(empty, R"(type="password" autocomplete="off")"));
    t.fill<&sign_in::name>("Ada").fill<&sign_in::password>(seed).fill<&sign_in::number>("4711");
    t.click("Enter");
    CHECK(t.text().contains("seen 7"));
    CHECK(contains(t.html(), R"(value="Ada")"));
    CHECK_FALSE(contains(t.html(), seed));
    CHECK_FALSE(contains(t.html(), "4711"));
    CHECK_FALSE(contains(text_of(t.patches()), seed));
    CHECK(t.entered<&sign_in::password>() == "");
    t.click("Leave").back();
    CHECK_FALSE(contains(t.html(), seed));
    CHECK_FALSE(contains(text_of(t.patches()), "4711"));
}

TEST_CASE("the value of a secret field is not in a page that is used without scripts") {
    test_conversation t{sign_in{}};
    t.html();
    const event sent{
        77,
        1,
        "",
        "",
        {{"i1-name", "Ada"}, {"i1-password", seed}, {"i1-number", "4711"}},
        submitted_page{t.value().step, t.value().revision}
    };
    const auto done = dispatch(t.value(), sent, {t.now()});
    REQUIRE(done.verdict == verdict::applied);
    const auto& state = *static_cast<const sign_in*>(done.next.top().state.get());
    CHECK(state.name.text() == "Ada");
    CHECK(state.password.value().reveal() == seed);
    CHECK(state.number.value().reveal() == 4711);
    const auto page = render_view(done.next, {t.now()});
    CHECK(contains(page.content.text(), "Ada"));
    CHECK_FALSE(contains(page.content.text(), seed));
    CHECK_FALSE(contains(page.content.text(), "4711"));
}

TEST_CASE("a secret entry that is not valid is not in its message") {
    test_conversation t{sign_in{}};
    t.fill<&sign_in::number>("4711x").click("Need");
    CHECK(t.message_at<&sign_in::number>() == "Enter a whole number");
    CHECK_FALSE(contains(t.html(), "4711"));
    CHECK_FALSE(contains(t.error(), "4711"));
    CHECK_FALSE(contains(all_stored(t.value()), "4711"));
    t.restart();
    CHECK(t.message_at<&sign_in::number>() == "Enter a whole number");
}

TEST_CASE("a transient field is empty after the next event and after a restart") {
    test_conversation t{sign_in{}};
    const auto state = [&] { return static_cast<const sign_in*>(t.value().top().state.get()); };
    t.fill<&sign_in::password>(seed).click("Enter");
    CHECK(state()->password.value().reveal() == seed);
    CHECK_FALSE(contains(all_stored(t.value()), "password"));
    t.click("Enter");
    CHECK(state()->password.is_empty());
    CHECK(t.message_at<&sign_in::password>() == "Enter your password");
    t.fill<&sign_in::password>(seed).click("Enter").restart();
    CHECK(state()->password.is_empty());
    CHECK(t.message_at<&sign_in::password>() == "");
}

TEST_CASE("an encrypted field keeps its value until it is entered again or cleared") {
    test_conversation t{sign_in{}};
    const auto state = [&] { return static_cast<const sign_in*>(t.value().top().state.get()); };
    t.fill<&sign_in::number>("4711").click("Need");
    CHECK(t.text().contains("seen 4711"));
    CHECK_FALSE(contains(all_stored(t.value()), R"("number":"4711")"));
    t.restart().click("Need");
    CHECK(state()->number.value().reveal() == 4711);
    t.fill<&sign_in::number>("815").click("Need");
    CHECK(t.text().contains("seen 815"));
    t.click("Clear");
    CHECK(state()->number.is_empty());
}

TEST_CASE("an empty entry of another form clears a transient field and not an encrypted one") {
    sign_in state;
    state.password = seed;
    state.number = 4711;
    const auto& type = type_of<sign_in>();
    const std::vector<form_value> only_number{{"number", ""}};
    CHECK_FALSE(type.keep_typed(&state, only_number));
    CHECK(state.number.value().reveal() == 4711);
    const std::vector<form_value> both{{"password", ""}, {"number", ""}};
    CHECK(type.keep_typed(&state, both));
    CHECK(state.password.is_empty());
    CHECK(state.number.value().reveal() == 4711);
    const std::vector<form_value> again{{"number", "815"}};
    CHECK(type.keep_typed(&state, again));
    CHECK(state.number.value().reveal() == 815);
}

TEST_CASE("a typed secret is stored in no step of the history") {
    test_conversation t{sign_in{}};
    t.fill<&sign_in::password>(seed).fill<&sign_in::number>("4711").click("Leave");
    CHECK(t.value().past.size() == 1);
    CHECK_FALSE(contains(all_stored(t.value()), seed));
    CHECK_FALSE(contains(all_stored(t.value()), "4711"));
    t.back();
    const auto& state = *static_cast<const sign_in*>(t.value().top().state.get());
    CHECK(state.password.value().reveal() == seed);
}

// --- people and other programs

TEST_CASE("the tree of a conversation masks secret values") {
    test_conversation t{filled_vault()};
    t.html();
    const auto text = tree(t.value());
    CHECK(contains(text, R"_("key":"(secret)","pin":"(secret)","limit":"(secret)")_"));
    CHECK_FALSE(contains(text, seed));
    CHECK_FALSE(contains(text, "4711"));
    CHECK_FALSE(contains(text, "815"));
}

TEST_CASE("a snapshot contains no readable secret and is restored with its key") {
    test_conversation t{filled_vault()};
    t.html();
    CHECK_THROWS_AS(snapshot(t.value()), std::logic_error);
    const auto taken = snapshot(t.value(), new_key);
    CHECK_FALSE(contains(boost::json::serialize(taken), seed));
    CHECK_THROWS_AS(restore(taken), decode_error);
    CHECK_THROWS_AS(restore(taken, old_key), decode_error);
    test_conversation fresh(restore(taken, both_keys));
    fresh.html();
    const auto& state = *static_cast<const vault*>(fresh.value().top().state.get());
    CHECK(state.key.reveal() == seed);
    CHECK(state.pin.reveal().empty());
}

namespace {

/// Takes a snapshot of its conversation.
struct keeper {
    static constexpr std::string_view component = "test/keeper";
    encrypted<std::string> key = seed;
    std::string taken;

    void take(context& c) { taken = boost::json::serialize(c.snapshot()); }

    markup render() const { return p(button(on<"click", &keeper::take>, "Take")); }
};
BOOST_DESCRIBE_STRUCT(keeper, (), (key, taken, take))

}  // namespace

TEST_CASE("a handler takes a snapshot with the keys of the environment") {
    test_conversation t{keeper{}};
    t.secret_keys(new_key).click("Take");
    REQUIRE_FALSE(t.failed());
    const auto& taken = static_cast<const keeper*>(t.value().top().state.get())->taken;
    CHECK(contains(taken, R"("2026:)"));
    CHECK_FALSE(contains(taken, seed));
}

TEST_CASE("initial states that differ in a secret only are the same for a list") {
    const auto key_of = [](const vault& state) {
        return type_of<vault>().initial_state_key(&state);
    };
    vault one;
    one.pin = "a";
    vault other;
    other.pin = "b";
    other.key = seed;
    CHECK(key_of(one) == key_of(other));
    other.opened = 1;
    CHECK(key_of(one) != key_of(other));
    CHECK_FALSE(contains(key_of(filled_vault()), seed));
}
