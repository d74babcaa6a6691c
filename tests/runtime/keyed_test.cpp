#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

/// The application's object: records the hooks that ran.
struct diary {
    std::vector<std::string> lines;
};

using lines = std::vector<std::string>;

int renders = 0;

struct note {
    static constexpr std::string_view component = "keyed/note";
    std::string text;

    void start(context& c) { c.app<diary>().lines.push_back(text + " starts"); }

    void stop(context& c) { c.app<diary>().lines.push_back(text + " stops"); }

    void shout() { text += "!"; }

    effects frame();

    markup render() const {
        ++renders;
        return li(
            text,
            button(on<"click", &note::shout>, "Shout"),
            button(on<"click", &note::frame>, "Frame")
        );
    }
};
BOOST_DESCRIBE_STRUCT(note, (), (text, shout, frame))

/// The successor of a note.
struct picture {
    static constexpr std::string_view component = "keyed/picture";
    int width = 3;

    void stop(context& c) { c.app<diary>().lines.push_back("picture stops"); }

    markup render() const { return li("picture ", width); }
};
BOOST_DESCRIBE_STRUCT(picture, (), (width))

effects note::frame() {
    return become<picture>();
}

/// Begins with three notes, which have the ids 2, 3 and 4 and the keys 1, 2 and 3.
struct wall {
    static constexpr std::string_view component = "keyed/wall";
    keyed<note> notes;

    void start() {
        for (int key : {1, 2, 3})
            add(key);
    }

    void add(int key) { notes.push_back(key, note{"note " + std::to_string(key)}); }

    void add_at(int position, int key) {
        notes.insert(static_cast<std::size_t>(position), key, note{"note " + std::to_string(key)});
    }

    void remove(int key) { notes.erase(key); }

    void move(int key, int position) { notes.move(key, static_cast<std::size_t>(position)); }

    void write(int key, std::string text) { notes.set(key, note{std::move(text)}); }

    void order(std::vector<int> keys) {
        notes.assign(keys, std::identity(), [](int key) {
            return note{"note " + std::to_string(key)};
        });
    }

    void clear() { notes.clear(); }

    markup render() const {
        return section(
            ul(notes),
            button(on<"click", &wall::add>(4), "a"),
            button(on<"click", &wall::add_at>(0, 4), "i"),
            button(on<"click", &wall::remove>(1), "r"),
            button(on<"click", &wall::move>(1, 2), "m"),
            button(on<"click", &wall::write>(1, std::string("x")), "w"),
            button(on<"click", &wall::order>(std::vector<int>{1}), "o"),
            button(on<"click", &wall::clear>, "c")
        );
    }
};
BOOST_DESCRIBE_STRUCT(wall, (), (notes, add, add_at, remove, move, write, order, clear))

/// A begun wall. Only the kernel changes it, so that `renders` counts nothing else.
struct hung {
    diary said;
    app_objects objects{said};
    test_conversation t{wall{}};
    conversation now;

    hung() {
        t.provide(said);
        now = t.value();
        said.lines.clear();
        renders = 0;
    }

    outcome send(std::string name, std::string arguments, instance_id to = 1) {
        const environment env{t.now(), &objects};
        auto done = dispatch(now, {0, to, std::move(name), std::move(arguments), {}}, env);
        REQUIRE(done.verdict == verdict::applied);
        now = done.next;
        for (const auto& each : done.outbox)
            run_stop(std::get<command::stop>(each), now, env);
        return done;
    }

    /// The ids in the order of the list.
    std::vector<instance_id> ids() const {
        std::vector<instance_id> out;
        each_list(now.instances.at(1), [&](const embedded_children& list) {
            for (const auto& each : list.all())
                out.push_back(each.id);
        });
        return out;
    }
};

using ids = std::vector<instance_id>;

}  // namespace

TEST_CASE("a new key at the end is one insert and renders one child") {
    hung w;
    const auto done = w.send("add", "[4]");
    REQUIRE(done.patches.size() == 1);
    CHECK(done.patches[0].kind == patch_kind::insert);
    CHECK(done.patches[0].target == 1);
    CHECK(done.patches[0].list == "notes");
    CHECK(done.patches[0].before == 0);
    CHECK(done.patches[0].content.text().find("id=\"i5\"") != std::string::npos);
    CHECK(renders == 1);
    CHECK(w.said.lines == lines{"note 4 starts"});
}

TEST_CASE("a new key among others is inserted before the next one") {
    hung w;
    const auto done = w.send("add_at", "[1,4]");
    REQUIRE(done.patches.size() == 1);
    CHECK(done.patches[0].kind == patch_kind::insert);
    CHECK(done.patches[0].before == 3);
    CHECK(w.ids() == ids{2, 5, 3, 4});
}

TEST_CASE("an erased key is one removal and renders nothing") {
    hung w;
    const auto done = w.send("remove", "[2]");
    REQUIRE(done.patches.size() == 1);
    CHECK(done.patches[0].kind == patch_kind::remove);
    CHECK(done.patches[0].target == 3);
    CHECK(renders == 0);
    CHECK(w.said.lines == lines{"note 2 stops"});
}

TEST_CASE("removing a key that is not there changes nothing") {
    hung w;
    CHECK(w.send("remove", "[9]").patches.empty());
    CHECK(w.ids() == ids{2, 3, 4});
}

TEST_CASE("a new order takes as few moves as possible and renders nothing") {
    hung w;
    const auto done = w.send("move", "[1,2]");
    REQUIRE(done.patches.size() == 1);
    CHECK(done.patches[0].kind == patch_kind::move);
    CHECK(done.patches[0].target == 2);
    CHECK(done.patches[0].before == 0);
    CHECK(w.ids() == ids{3, 4, 2});
    CHECK(renders == 0);
    CHECK(w.said.lines.empty());
}

TEST_CASE("a reversed order moves all children but one") {
    hung w;
    const auto done = w.send("order", "[[3,2,1]]");
    CHECK(done.patches.size() == 2);
    CHECK(w.ids() == ids{4, 3, 2});
    CHECK(renders == 0);
}

TEST_CASE("a child that is set to another state starts over in its place and keeps its id") {
    hung w;
    const auto done = w.send("write", "[2,\"other\"]");
    REQUIRE(done.patches.size() == 1);
    CHECK(done.patches[0].kind == patch_kind::instance);
    CHECK(done.patches[0].target == 3);
    CHECK(renders == 1);
    CHECK(w.ids() == ids{2, 3, 4});
    CHECK(w.said.lines == lines{"other starts", "note 2 stops"});
}

TEST_CASE("a child that is set to its initial state again keeps its present state") {
    hung w;
    w.send("shout", "", 3);
    renders = 0;
    const auto done = w.send("write", "[2,\"note 2\"]");
    CHECK(done.patches.empty());
    CHECK(renders == 0);
    CHECK(w.said.lines.empty());
    CHECK(static_cast<const note*>(w.now.instances.at(3).state.get())->text == "note 2!");
}

TEST_CASE("assigning a list inserts and removes and moves at once") {
    hung w;
    const auto done = w.send("order", "[[3,4,1]]");
    CHECK(done.patches.size() == 3);
    CHECK(done.patches[0].kind == patch_kind::remove);
    CHECK(w.ids() == ids{4, 5, 2});
    CHECK(w.said.lines == lines{"note 4 starts", "note 2 stops"});
    CHECK(renders == 1);
}

TEST_CASE("a list that is cleared stops all its children") {
    hung w;
    w.send("clear", "");
    CHECK(w.now.instances.size() == 1);
    CHECK(w.said.lines == lines{"note 1 stops", "note 2 stops", "note 3 stops"});
}

TEST_CASE("a duplicate key is refused and changes nothing") {
    hung w;
    auto done = dispatch(w.now, {0, 1, "add", "[1]", {}}, {w.t.now(), &w.objects});
    CHECK(done.verdict == verdict::failed);
    CHECK(done.error == "stube: the key 1 occurs twice in a list");
}

TEST_CASE("an event of one child renders and patches only that child") {
    hung w;
    const auto done = w.send("shout", "", 3);
    REQUIRE(done.patches.size() == 1);
    CHECK(done.patches[0].kind == patch_kind::instance);
    CHECK(done.patches[0].target == 3);
    CHECK(renders == 1);
}

TEST_CASE("a child that becomes another component keeps its place") {
    hung w;
    w.send("frame", "", 3);
    CHECK(w.ids() == ids{2, 5, 4});
    CHECK(w.said.lines == lines{"note 2 stops"});
}

TEST_CASE("setting the state of a child that became another component makes a new child") {
    hung w;
    w.send("frame", "", 3);
    w.said.lines.clear();
    w.send("write", "[2,\"other\"]");
    CHECK(w.ids() == ids{2, 6, 4});
    CHECK(w.now.instances.at(6).type->name == "keyed/note");
    CHECK(w.said.lines == lines{"other starts", "picture stops"});
}

TEST_CASE("a list survives a restart in its order and takes events") {
    diary d;
    test_conversation t{wall{}};
    t.provide(d).send<&wall::move>(1, 2).restart();
    CHECK(t.text().contains("note 2 Shout Frame\nnote 3 Shout Frame\nnote 1 Shout Frame"));
    CHECK(t.within("note 3").click("Shout").text().contains("note 3!"));
    t.send<&wall::add>(9);  // the first change after a restart sends the whole component
    CHECK(t.text().contains("note 9"));
    CHECK(t.patches()[0].kind == patch_kind::instance);
    t.send<&wall::add>(10);
    CHECK(t.text().contains("note 10"));
    CHECK(t.patches()[0].kind == patch_kind::insert);
}

TEST_CASE("a list equals an array after a random sequence of changes") {
    std::mt19937 random(7);
    const auto below = [&](std::size_t limit) { return random() % limit; };
    keyed<note> list;
    std::vector<std::string> model;
    for (int step = 0; step < 4000; ++step) {
        CAPTURE(step);
        const auto key = std::to_string(below(60));
        const auto there = std::ranges::find(model, key);
        const bool is_there = there != model.end();
        const auto position = below(70);
        const auto at = [&] {
            return model.begin() + static_cast<std::ptrdiff_t>(std::min(position, model.size()));
        };
        switch (below(6)) {
        case 0:
        case 1:
            if (is_there) {
                CHECK_THROWS_AS(list.insert(position, key, note{}), std::invalid_argument);
            } else {
                list.insert(position, key, note{});
                model.insert(at(), key);
            }
            break;
        case 2:
            CHECK(list.erase(key) == is_there);
            std::erase(model, key);
            break;
        case 3:
            if (is_there) {
                list.move(key, position);
                model.erase(there);
                model.insert(at(), key);
            } else {
                CHECK_THROWS_AS(list.move(key, position), std::invalid_argument);
            }
            break;
        case 4:
            if (is_there) {
                list.set(key, note{"again"});
            } else {
                CHECK_THROWS_AS(list.set(key, note{"again"}), std::invalid_argument);
            }
            break;
        default:
            // as the kernel does between two handlers
            if (below(8) == 0) static_cast<void>(list.all());
        }
        REQUIRE(list.size() == model.size());
        CHECK(list.contains(key) == (std::ranges::find(model, key) != model.end()));
        if (step % 16 == 0) CHECK(list.keys() == model);
    }
    CHECK(list.keys() == model);
}

TEST_CASE("a copy of a list does not change with the original") {
    keyed<note> list;
    list.push_back(1, note{"one"});
    const auto copy = list;
    list.push_back(2, note{"two"});
    auto other = copy;
    other.erase(1);
    CHECK(list.keys() == lines{"1", "2"});
    CHECK(copy.keys() == lines{"1"});
    CHECK(other.empty());
}

TEST_CASE("a list or slot that is moved from keeps its content") {
    keyed<note> list;
    list.push_back(1, note{"one"});
    const auto moved = std::move(list);
    CHECK(moved.keys() == lines{"1"});
    CHECK(list.keys() == lines{"1"});  // NOLINT(bugprone-use-after-move): what is tested

    slot<note> box(note{"in the box"});
    const auto old = std::move(box);
    CHECK(box.id() == old.id());  // NOLINT(bugprone-use-after-move): what is tested
}

TEST_CASE("looking up keys does not change a list") {
    hung w;
    keyed<note> list;
    for (int key = 0; key < 100; ++key)
        list.push_back(key, note{});
    const auto before = list.shared();
    for (int key = 0; key < 200; ++key)
        CHECK(list.contains(key) == (key < 100));
    CHECK(list.shared() == before);
}

TEST_CASE("a list of 100000 rows can be built and searched and reversed and emptied in loops") {
    // This would take hours if each step searched or copied the whole list.
    constexpr int count = 100'000;
    const auto half = [](int key) { return static_cast<std::size_t>(key) / 2; };
    keyed<note> list;
    for (int key = 0; key < count; key += 2)
        list.push_back(key, note{});
    for (int key = 1; key < count; key += 2)
        list.insert(half(key), key, note{});
    int found = 0;
    for (int key = 0; key < 2 * count; ++key)
        found += list.contains(key) && list.id(key) == 0;
    CHECK(found == count);
    for (int key = 0; key < count; ++key)
        list.move(key, 0);
    for (int key = 0; key < count; ++key)
        list.set(key, note{"set"});
    CHECK(list.keys().front() == std::to_string(count - 1));
    CHECK(list.keys().back() == "0");
    for (int key = 0; key < count; ++key)
        CHECK_UNARY(list.erase(key));
    CHECK(list.empty());
}
