"""What runs in GitHub Actions: measuring a pull request, and telling it what got worse."""
