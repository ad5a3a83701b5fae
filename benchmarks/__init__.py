"""Speed, memory and quality against references, each ratio measured in one run."""
