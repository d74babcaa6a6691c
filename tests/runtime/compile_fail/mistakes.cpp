// Mistakes that the compiler must report, each with a helpful text. This file is compiled once for
// each macro below (see ../CMakeLists.txt). Without any of the macros it compiles.

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/ui.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace stube;
using namespace stube::html;

struct plain {
    int n = 0;
};

struct undescribed {
    static constexpr std::string_view component = "fail/undescribed";

    void go() {}

    markup render() const { return p(); }
};

struct teller {
    static constexpr std::string_view component = "fail/teller";
    using answer_type = int;
    int number = 0;

    markup render() const { return p(number); }
};
BOOST_DESCRIBE_STRUCT(teller, (), (number))

struct nothing {
    static constexpr std::string_view component = "fail/nothing";
};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

struct keeper {
    static constexpr std::string_view component = "fail/keeper";
    plain kept;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(keeper, (), (kept))

struct forgetful {
    static constexpr std::string_view component = "fail/forgetful";
    int described = 0;
    std::string forgotten = {};

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(forgetful, (), (described))

struct forgetful_part {
    int described = 0;
    int forgotten = 0;
};
BOOST_DESCRIBE_STRUCT(forgetful_part, (), (described))

struct forgetful_inside {
    static constexpr std::string_view component = "fail/forgetful_inside";
    std::vector<forgetful_part> parts;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(forgetful_inside, (), (parts))

/// Data members of the wrong kind, each in a component of its own.
struct box {
    std::optional<plain> content;
};
BOOST_DESCRIBE_STRUCT(box, (), (content))

struct shelf {
    static constexpr std::string_view component = "fail/shelf";
    int number = 0;
    std::vector<box> boxes;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(shelf, (), (number, boxes))

struct unchanging {
    static constexpr std::string_view component = "fail/unchanging";
    const int number = 0;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(unchanging, (), (number))

struct asks_for_plain {
    static constexpr std::string_view component = "fail/asks_for_plain";
    field<plain> asked;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(asks_for_plain, (), (asked))

struct line {
    field<int> amount;
};
BOOST_DESCRIBE_STRUCT(line, (), (amount))

struct lines_in_a_list {
    static constexpr std::string_view component = "fail/lines_in_a_list";
    std::vector<line> lines;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(lines_in_a_list, (), (lines))

struct perhaps_a_field {
    static constexpr std::string_view component = "fail/perhaps_a_field";
    std::optional<field<int>> amount;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(perhaps_a_field, (), (amount))

class closed {
public:
    static constexpr std::string_view component = "fail/closed";

    markup render() const {
#ifdef private_member_as_an_event
        return p(number_, on<"click", &closed::change>);
#else
        return p(number_);
#endif
    }

private:
    void change() { ++number_; }

    int number_ = 0;
    BOOST_DESCRIBE_CLASS(closed, (), (), (), (number_, change))
};

class forgetful_inside_out {
public:
    static constexpr std::string_view component = "fail/forgetful_inside_out";

    markup render() const { return p(described_, forgotten_); }

private:
    int described_ = 0;
    int forgotten_ = 0;
    BOOST_DESCRIBE_CLASS(forgetful_inside_out, (), (), (), (described_))
};

struct on_plain : plain {
    static constexpr std::string_view component = "fail/on_plain";

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(on_plain, (plain), ())

struct on_plain_in_secret : plain {
    static constexpr std::string_view component = "fail/on_plain_in_secret";

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(on_plain_in_secret, (), ())

struct numbered {
    int number = 0;
};
BOOST_DESCRIBE_STRUCT(numbered, (), (number))

struct numbered_twice : numbered {
    static constexpr std::string_view component = "fail/numbered_twice";
    int number = 0;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(numbered_twice, (numbered), (number))

struct forgetful_heir : numbered {
    static constexpr std::string_view component = "fail/forgetful_heir";
    int described = 0;
    int forgotten = 0;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(forgetful_heir, (numbered), (described))

// Three components with names of functions of stube::html, each in one of the ways that compile.
struct label {
    static constexpr std::string_view component = "fail/label";

    markup render() const { return p(); }
};
#ifdef component_named_like_an_element
BOOST_DESCRIBE_STRUCT(label, (), ())
#else
BOOST_DESCRIBE_STRUCT(::label, (), ())
#endif

struct q {
    static constexpr std::string_view component = "fail/q";

    markup render() const { return p(); }

    BOOST_DESCRIBE_CLASS(q, (), (), (), ())
};

namespace named_like_elements {
struct article {
    static constexpr std::string_view component = "fail/article";

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(article, (), ())

effects call_one() {
    return call<article>();
}
}  // namespace named_like_elements

struct renders_itself_away {
    static constexpr std::string_view component = "fail/renders_itself_away";

    effects start() { return {}; }

    markup render() { return p(); }
};
BOOST_DESCRIBE_STRUCT(renders_itself_away, (), ())

struct moves_by_asking {
    static constexpr std::string_view component = "fail/moves_by_asking";

    std::string url() { return "/"; }

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(moves_by_asking, (), ())

struct waits_in_vain {
    static constexpr std::string_view component = "fail/waits_in_vain";

    audience waits_for() { return audience::anyone(); }

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(waits_in_vain, (), ())

struct stopwatch {
    static constexpr std::string_view component = "fail/stopwatch";

    effects stop() { return {}; }

    markup render() const { return p(on<"click", &stopwatch::stop>); }
};
BOOST_DESCRIBE_STRUCT(stopwatch, (), (stop))

struct perhaps_one {
    static constexpr std::string_view component = "fail/perhaps_one";
    std::optional<slot<teller>> child;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(perhaps_one, (), (child))

struct drawer {
    keyed<teller> children;
};
BOOST_DESCRIBE_STRUCT(drawer, (), (children))

struct hidden_list {
    static constexpr std::string_view component = "fail/hidden_list";
    std::vector<drawer> drawers;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(hidden_list, (), (drawers))

struct collector {
    static constexpr std::string_view component = "fail/collector";

    void take(std::unique_ptr<int>) {}

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(collector, (), (take))

struct changed {
    static constexpr std::string_view component = "fail/changed";

#ifdef history_in_hours
    static constexpr std::chrono::hours keep_history{24};
#elif defined history_of_zero_days
    static constexpr std::chrono::days keep_history{0};
#endif

#ifdef version_that_is_not_constant
    static inline int version = 2;
#elif defined version_that_is_not_a_number
    static constexpr std::string_view version = "2";
#elif defined version_below_the_first
    static constexpr int version = 0;
#elif !defined migrate_without_a_version
    static constexpr int version = 2;
#endif

#ifdef migrate_that_is_not_static
    void migrate(int, boost::json::object&) {}
#elif defined migrate_of_a_copy
    static void migrate(int, boost::json::object);
#elif defined migrate_with_a_result
    static boost::json::object migrate(int, boost::json::object& state);
#elif defined version_with_a_misspelt_migrate
    static void migrated(int, boost::json::object&) {}
#elif !defined version_without_migrate
    static void migrate(int, boost::json::object&) {}
#endif

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(changed, (), ())

struct safe {
    static constexpr std::string_view component = "fail/safe";
    transient<std::string> key;
    field<transient<std::string>> pin;
    field<encrypted<bool>> agreed;
    field<transient<int>> number;

    void open(const transient<std::string>& with) { key = with; }

    markup render() const { return ui::input_for<&safe::pin>(*this, "PIN"); }
};
BOOST_DESCRIBE_STRUCT(safe, (), (key, pin, agreed, number, open))

#ifdef secret_of_a_type_that_is_not_described
struct keeps_a_secret {
    static constexpr std::string_view component = "fail/keeps_a_secret";
    encrypted<plain> kept;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(keeps_a_secret, (), (kept))
#endif

#ifdef index_of_a_secret
struct indexes_a_secret {
    static constexpr std::string_view component = "fail/indexes_a_secret";
    field<transient<std::string>> pin;
    static constexpr std::tuple indexed{&indexes_a_secret::pin};

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(indexes_a_secret, (), (pin))
#endif

#ifdef index_of_a_list
struct indexes_a_list {
    static constexpr std::string_view component = "fail/indexes_a_list";
    std::vector<int> numbers;
    static constexpr std::tuple indexed{&indexes_a_list::numbers};

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(indexes_a_list, (), (numbers))
#endif

#ifdef field_of_an_optional_secret
struct asks_for_a_secret {
    static constexpr std::string_view component = "fail/asks_for_a_secret";
    field<std::optional<transient<std::string>>> asked;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(asks_for_a_secret, (), (asked))
#endif

#ifdef field_in_a_secret
struct hides_a_field {
    static constexpr std::string_view component = "fail/hides_a_field";
    transient<field<std::string>> inside;

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(hides_a_field, (), (inside))
#endif

struct liar {
    static constexpr std::string_view component = "fail/liar";
    using answer_type = int;

#ifdef answer_of_another_type
    answers<int> lie() { return answer("seven"); }
#elif defined answers_of_another_type_than_the_component
    answers<std::string> lie() { return answer("seven"); }
#elif defined answer_without_a_value
    answers<int> lie() { return answer(); }
#elif defined answer_from_a_member_that_returns_effects
    effects lie() { return answer(7); }
#else
    answers<int> lie() { return answer(7); }
#endif

    markup render() const { return p(on<"click", &liar::lie>); }
};
BOOST_DESCRIBE_STRUCT(liar, (), (lie))

struct page {
    static constexpr std::string_view component = "fail/page";
    int n = 0;
    field<std::string> one;
    field<std::vector<std::string>> several;

    void inc() { ++n; }

    void add(int by) { n += by; }

    void forgotten() {}

    void got_text(std::string) {}

    void got_number(int) {}

    void got_failure(failure) {}

    markup render() const { return p(); }
};
BOOST_DESCRIBE_STRUCT(page, (), (n, one, several, inc, add, got_text, got_number, got_failure))

void mistakes() {
    [[maybe_unused]] markup shown = p(span(on<"click", &page::inc>), on<"dblclick", &page::add>(1));
    [[maybe_unused]] effects wanted =
        call<teller>(1).then<&page::got_number>().or_else<&page::got_failure>();
    wanted = call<liar>();
    shown = ui::select_for<&page::several>(page(), "Several", {"a", "b"});
#ifdef misspelt_route
    shown = p(on<"click", &page::incr>);
#endif
#ifdef route_to_a_member_that_is_not_described
    shown = p(on<"click", &page::forgotten>);
#endif
#ifdef route_into_a_component_that_is_not_described
    shown = p(on<"click", &undescribed::go>);
#endif
#ifdef route_without_its_arguments
    shown = p(on<"click", &page::add>);
#endif
#ifdef route_with_too_many_arguments
    shown = p(on<"click", &page::inc>(1));
#endif
#ifdef route_with_an_argument_of_another_type
    shown = p(on<"click", &page::add>("one"));
#endif
#ifdef two_events_on_one_element
    shown = p(on<"click", &page::inc>, on<"keyup", &page::inc>);
#endif
#ifdef answer_to_a_member_of_another_type
    wanted = call<teller>(1).then<&page::got_text>();
#endif
#ifdef failure_to_a_member_of_another_type
    wanted = call<teller>(1).or_else<&page::got_number>();
#endif
#ifdef call_with_wrong_arguments
    wanted = call<teller>("one");
#endif
#ifdef call_of_a_component_that_is_not_described
    wanted = call<undescribed>();
#endif
#ifdef call_of_a_component_without_render_and_start
    wanted = call<nothing>();
#endif
#ifdef state_of_a_type_that_is_not_described
    wanted = call<keeper>();
#endif
#ifdef state_of_a_type_within_another
    wanted = call<shelf>();
#endif
#ifdef state_that_is_const
    wanted = call<unchanging>();
#endif
#ifdef field_of_a_type_without_a_codec
    wanted = call<asks_for_plain>();
#endif
    wanted = call<safe>() + send_to<&safe::open>(1, "1234");
#ifdef secret_of_a_type_that_is_not_described
    wanted = call<keeps_a_secret>();
#endif
#ifdef index_of_a_secret
    wanted = call<indexes_a_secret>();
#endif
#ifdef index_of_a_list
    wanted = call<indexes_a_list>();
#endif
#ifdef field_of_an_optional_secret
    wanted = call<asks_for_a_secret>();
#endif
#ifdef field_in_a_secret
    wanted = call<hides_a_field>();
#endif
#ifdef secret_argument_of_a_timer
    wanted = after<&safe::open>(std::chrono::seconds(1), "1234");
#endif
#ifdef secret_message_to_a_topic
    wanted = publish("pins", transient<std::string>("1234"));
#endif
#ifdef subscription_for_secret_messages
    wanted = subscribe<&safe::open>("pins");
#endif
#ifdef secret_argument_in_the_page
    shown = p(on<"click", &safe::open>("1234"));
#endif
#ifdef secret_in_an_element
    shown = p(safe().key);
#endif
#ifdef check_box_of_a_secret
    shown = ui::check_box_for<&safe::agreed>(safe(), "I agree");
#endif
#ifdef text_area_of_a_secret
    shown = ui::text_area_for<&safe::pin>(safe(), "PIN");
#endif
#ifdef selection_of_a_secret
    shown = ui::select_for<&safe::number>(safe(), "Number", {"1", "2"});
#endif
#ifdef radio_buttons_of_a_secret
    shown = ui::radio_for<&safe::number>(safe(), "Number", {"1", "2"});
#endif
#ifdef secret_as_its_content
    std::string leaked = safe().key;
#endif
#ifdef secret_in_a_secret
    transient<encrypted<int>> twice;
#endif
#ifdef field_in_a_struct
    wanted = call<lines_in_a_list>();
#endif
#ifdef field_in_an_optional
    wanted = call<perhaps_a_field>();
#endif
    wanted = call<closed>();
#ifdef private_data_member_that_is_not_described
    wanted = call<forgetful_inside_out>();
#endif
#ifdef base_class_that_is_not_described
    wanted = call<on_plain>();
#endif
#ifdef base_class_that_is_not_listed
    wanted = call<on_plain_in_secret>();
#endif
#ifdef data_member_with_the_name_of_one_of_its_base
    wanted = call<numbered_twice>();
#endif
#ifdef data_member_beside_a_base_class_that_is_not_described
    wanted = call<forgetful_heir>();
#endif
    wanted = call<::label>();
    wanted = call<::q>();
#ifdef data_member_that_is_not_described
    wanted = call<forgetful>();
#endif
#ifdef data_member_of_a_part_that_is_not_described
    wanted = call<forgetful_inside>();
#endif
#ifdef render_that_is_not_const
    wanted = call<renders_itself_away>();
#endif
#ifdef url_that_is_not_const
    wanted = call<moves_by_asking>();
#endif
#ifdef audience_that_is_not_const
    wanted = call<waits_in_vain>();
#endif
#ifdef event_with_the_name_of_a_hook
    wanted = call<stopwatch>();
#endif
#ifdef slot_in_an_optional
    wanted = call<perhaps_one>();
#endif
#ifdef list_in_a_struct
    wanted = call<hidden_list>();
#endif
#ifdef result_that_cannot_be_copied
    wanted = run<&collector::take>([] { return std::unique_ptr<int>(); });
#endif
    wanted = call<changed>();
#ifdef input_of_a_list
    shown = ui::input_for<&page::several>(page(), "Several");
#endif
#ifdef radio_buttons_of_a_list
    shown = ui::radio_for<&page::several>(page(), "Several", {"a", "b"});
#endif
#ifdef several_choices_for_one_value
    shown = ui::choices_for<&page::one>(page(), "One", {"a", "b"});
#endif
#ifdef selection_without_its_choices
    shown = ui::select_for<&page::one>(page(), "One");
#endif
#ifdef input_for_a_field_of_a_struct
    shown = ui::input_for<&line::amount>(line(), "Amount");
#endif
#ifdef control_bound_to_a_field_of_a_struct
    shown = html::input(bind<&line::amount>(line()));
#endif
#ifdef input_for_a_member_that_is_not_a_field
    shown = ui::input_for<&page::n>(page(), "N");
#endif
#ifdef truth_value_as_text
    shown = p(true);
#endif
#ifdef pointer_as_text
    shown = p(&wanted);
#endif
}
