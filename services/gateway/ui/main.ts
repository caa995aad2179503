/** The page begins. */
import { startApp } from './page/app.ts';

startApp();
