//! CloudWatch: GetMetricData and DescribeAlarms.
