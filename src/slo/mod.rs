//! The mathematics of objectives: ratios, burn rates, budgets. Pure.
