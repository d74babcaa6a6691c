// Writes the golden stores of the present format, once for each: `golden_write <folder>`. A store
// that was released is never rewritten. A later format gets stores of its own beside it.
#include "release/golden.hpp"

#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>

#include <spdlog/spdlog.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

using namespace golden;

void expect(const reply& r) {
    if (r.result != status::ok && r.result != status::ended) throw std::runtime_error("not done");
}

std::string begun(const reply& r) {
    expect(r);
    return r.value->id;
}

void write(std::unique_ptr<store> storage) {
    // The tombstone of a conversation with a flow.
    const stube::storage::change tombstone{
        .id = "mark",
        .kind = stube::storage::change_kind::create,
        .revision = 3,
        .status = stube::storage::record_status::tombstone,
        .written =
            {{"head", R"({"format":2,"owner":"owner","mount":"/golden","touched":1800000000000})"}},
        .dropped = {}
    };
    storage->load_all([](stube::storage::record&&) {});
    storage->save({&tombstone, 1});

    conversation_options options;
    int number = 0;
    options.new_id = [&number] { return "conversation_" + std::to_string(++number); };
    options.clock = [] { return written; };
    options.watch_clock = false;
    conversation_map map(std::move(storage), std::move(options));
    visitor me(map, 0);
    const auto begin_desk = [&] { return begun(me.begin(call<desk>().release())); };

    begun(me.begin(call<values>().release()));                          // 1: as it begins
    expect(me.send(begun(me.begin(call<values>().release())), "inc"));  // 2: with an event
    const auto children = begin_desk();                                 // 3: children
    for (int at = 0; at < 3; ++at)
        expect(me.send(children, "grow"));
    expect(me.send(children, "inc", 2));
    expect(me.send(begin_desk(), "ask"));     // 4: an open question
    expect(me.send(begin_desk(), "ask", 2));  // 5: one within a slot
    const auto walked = begin_desk();         // 6: a history, two steps long
    for (int at = 0; at < 2; ++at) {
        expect(me.send(walked, "inc"));
        expect(me.send(walked, "ask"));
        expect(me.send(walked, "yes"));
    }
    const auto back = begin_desk();  // 7: a step back
    expect(me.send(back, "ask"));
    expect(me.back(back));
    expect(me.send(begin_desk(), "wait"));    // 8: a timer
    expect(me.send(begin_desk(), "listen"));  // 9: a subscription
    map.stop();
}

}  // namespace

int main(int, char** argv) {
    spdlog::set_level(spdlog::level::warn);
    const std::filesystem::path folder = argv[1];
    try {
        write(sqlite_store(folder / "format2.db"));
        write(file_store(folder / "format2"));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
    return 0;
}
