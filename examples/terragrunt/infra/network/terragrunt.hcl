# Nothing more to say: the outputs are those of main.tf, from the state beside it.
