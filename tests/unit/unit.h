/* One line for main() of every unit test: run the suite, speak TAP, exit 1 on a failure. */
#pragma once

#include <check.h>
#include <stdlib.h>

static inline int
unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
