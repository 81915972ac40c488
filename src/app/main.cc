#include <cstdio>
int main() { std::puts("ameia"); return 0; }
