#include "unit.h"
START_TEST(x)
{
}
END_TEST
int
main(void)
{
    Suite *s = suite_create("base");
    TCase *c = tcase_create("a");
    tcase_add_test(c, x);
    suite_add_tcase(s, c);
    return unit_run(s);
}
