//! What the kernel counts of a process.

/// User and system time of the process, in seconds: fields 14 and 15 of `/proc/PID/stat`, in hundredths (USER_HZ).
pub(crate) fn cpu(pid: u32) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let seconds = |index: usize| fields[index].parse::<f64>().unwrap() / 100.0;
    (seconds(11), seconds(12))
}

/// A line of `/proc/PID/status`, such as `VmRSS:`.
pub(crate) fn status(pid: u32, key: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.trim().to_owned()
}

/// The same as a number of kilobytes.
pub(crate) fn kilobytes(pid: u32, key: &str) -> u64 {
    status(pid, key).split(' ').next().and_then(|count| count.parse().ok()).unwrap_or_default()
}
