"""Evaluation: suites of documents and questions, systems that answer them, measures, and the report."""
