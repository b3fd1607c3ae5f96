"""How the bundled encoder `compact` is made: packed pictures, a student, distillation, export.

    python -m training.compact.pack SOURCES WORK      pictures and what the teacher makes of them
    python -m training.compact.distil WORK            the student; goes on from its last checkpoint
    python -m training.compact.export WORK OUT        the model folder, behind the parity gate

README.md beside this file says where the pictures come from and what the figures are.
"""
