"""What people and programs read. The only code that prints, behind one layer of redaction."""
