// Durations, time points and their literals, without what else <chrono> brings since C++20: calendars, zones and the
// stream formatting behind them cost every unit a third of a second with libstdc++. What needs a calendar includes
// <chrono> itself, in its .cc.
#pragma once

#include <version>

#if defined(__GLIBCXX__)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
