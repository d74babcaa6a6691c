TEST_CASE("a name") {}
