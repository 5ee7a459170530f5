//! Application Auto Scaling: target, policies, activities.
